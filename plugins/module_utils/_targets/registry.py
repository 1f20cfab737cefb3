# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every deployment target, by name. PRIVATE to the collection.

A target is one file: a module, or an object for products that are alike. All but read, candidates and confirm are pure.

NAME, CAS_PRODUCT     the driver's name, and CAS's name of the product
PRODUCT               its declaration in _api
NEEDS                 the options that a resource must have
PORTS                 False if its instances have no ports; True if it is not said
REGIONAL              whether candidates are looked for region by region
IDENTIFIER            whether it wants CAS's CertIdentifier in Wanted.identifier
read(cloud, request, once) -> state; once(key, read) shares what resources have in common, once.count(NAME) says how many there are
find(request, state, wanted, stored) -> the places that a resource means; InputError when it cannot be
places(request, state) -> all its places that hold a certificate, or its one place
superseded(request, state, wanted, stored) -> places of additional certificates that wanted makes superfluous
at(place, state, stored) -> Bound or None
own(place, state, wanted) -> (the product's id of wanted or a Ref, steps that make it known there)
bind(target, place, state, bound) and unbind(target, place, state) -> Step
settled(state) -> whether what was accepted has been carried out
changing(state) -> whether a change is under way that will end by itself; a target need not have it
candidates(cloud, region, once) -> resources that can hold a certificate, each as the options that name it
confirm(cloud, step) -> the answer of a write whose answer was lost, if it has happened

Imports are static, because only those travel to the machine that runs the module: a new target is one file and one line here.
"""

from __future__ import annotations

from . import alb, cdn, dcdn, esa, ga, live, nlb, oss, slb, waf

TARGETS = dict((target.NAME, target) for target in (slb, alb.TARGET, nlb.TARGET, cdn.TARGET, dcdn.TARGET, live.TARGET, esa, ga, waf, oss))
