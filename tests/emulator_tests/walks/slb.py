# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the walk adds for SLB: plain HTTP is sent to https."""

from __future__ import annotations

STRICTER = {}


def walk(call, authority):
    place = {"LoadBalancerId": "lb-bp1api", "ListenerPort": 80, "RegionId": "cn-hangzhou"}
    call("slb", "CreateLoadBalancerHTTPListener", {
        **place, "ListenerForward": "on", "ForwardPort": 443, "HealthCheck": "off", "StickySession": "off", "Description": "to https",
        "Tag": [{"Key": "env", "Value": "prod"}]})
    call("slb", "StartLoadBalancerListener", {**place, "ListenerProtocol": "http"})
    call("slb", "DescribeLoadBalancerListeners", {"RegionId": "cn-hangzhou", "LoadBalancerId": ["lb-bp1api"], "ListenerPort": 80})
