# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate is valid, and which one is meant: decided alike whatever order CAS lists them in."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._domain.lifetime import DAY, is_valid, lifetime, newest_valid
from ansible_collections.daas.https.plugins.module_utils._errors import InputError

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.timezone.utc)
MOMENT = int(NOW.timestamp() * 1000)


def stored(number=1, begin=-10, end=10, names=("www.example.com",), algorithm="RSA", expired=False, **more):
    """begin, end: in days from now; None for what CAS does not say."""
    return Stored(number, "shop-%d" % number, "%064x" % number, "%040x" % number, names, True, expired, "2026-12-31", algorithm=algorithm,
                  not_before=0 if begin is None else MOMENT + int(begin * DAY),
                  not_after=0 if end is None else MOMENT + int(end * DAY), **more)


@pytest.mark.parametrize("item, valid, left", [
    (stored(), True, 10), (stored(begin=0, end=0), True, 0), (stored(begin=0.001), False, 10), (stored(end=-0.001), False, -1),
    (stored(end=0.9), True, 0), (stored(end=1.5), True, 1), (stored(end=-1), False, -1), (stored(begin=None), True, 10),
    (stored(end=None), True, None), (stored(end=None, expired=True), False, None), (stored(expired=True), False, 10),
])
def test_lifetime(item, valid, left):
    said = lifetime(item, NOW)
    assert (said["valid"], said["days_left"]) == (valid, left) and is_valid(item, NOW) is valid
    assert (said["not_before"] is None) is (item.not_before == 0) and (said["not_after"] is None) is (item.not_after == 0)


def test_times_are_utc():
    said = lifetime(stored(begin=0, end=1), NOW)
    assert (said["not_before"], said["not_after"]) == ("2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z")


@pytest.mark.parametrize("found, number", [
    ([stored(1), stored(2, begin=-5)], 2), ([stored(1, begin=-5), stored(2)], 1), ([stored(1), stored(2)], 2),
    ([stored(1), stored(2, begin=1)], 1), ([stored(1), stored(2, begin=-1, end=-0.5)], 1),
    ([stored(1, names=("b.example.com", "a.example.com")), stored(2, names=("a.example.com", "b.example.com"))], 2),
])
def test_the_newest_is_the_one_that_became_valid_last(found, number):
    assert newest_valid(found, NOW, (), "the tags a=b").id == number
    assert newest_valid(found[::-1], NOW, (), "the tags a=b").id == number


@pytest.mark.parametrize("other", [stored(2, names=("api.example.com",)), stored(2, algorithm="ECC"), stored(2, names=())])
def test_different_ones_are_several_unless_they_are_generations(other):
    with pytest.raises(InputError, match="Several certificates in CAS are meant by the tags a=b: shop-2 .*shop-1") as caught:
        newest_valid([stored(1), other], NOW, (), "the tags a=b")
    assert "fingerprint" in str(caught.value)
    assert newest_valid([stored(1), other], NOW, (), "the series shop", generations=True).id == 2


@pytest.mark.parametrize("found, wanted, words", [
    ([], (), ["CAS has no certificate with the series shop", "account and site"]),
    ([stored(1, begin=1), stored(2, end=-1)], (), ["is valid now: shop-1 (id 1, valid from 2026-06-02T12:00:00Z until", "shop-2 (id 2"]),
    ([stored(1, begin=None, end=None, expired=True)], (), ["shop-1 (id 1, valid until 2026-12-31)"]),
    ([stored(1)], ["www.example.com", "api.example.com"], ["shop-1 (id 1) does not cover api.example.com; it covers: www.example.com"]),
    ([stored(1, names=())], ["a.example.com"], ["it covers: nothing"]),
])
def test_none_that_can_be_used(found, wanted, words):
    with pytest.raises(InputError) as caught:
        newest_valid(found, NOW, wanted, "the series shop", generations=True)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)


many = st.lists(st.builds(
    stored, st.integers(1, 10 ** 6), st.none() | st.integers(-50, 50), st.none() | st.integers(-50, 50),
    st.sampled_from([("www.example.com",), ("api.example.com", "www.example.com"), ()]), st.sampled_from(["RSA", "ECC", "SM2", ""]),
    st.booleans()), max_size=8, unique_by=lambda item: item.id)


@given(found=many, wanted=st.lists(st.sampled_from(["www.example.com", "api.example.com"]), max_size=2), generations=st.booleans())
def test_what_is_chosen_is_valid_and_covers_and_nothing_newer_is(found, wanted, generations):
    def chosen(items):
        try:
            return newest_valid(items, NOW, wanted, "x", generations)
        except InputError as error:
            return "several" if "Several" in str(error) else None

    one = chosen(found)
    assert chosen(found[::-1]) == one
    if isinstance(one, Stored):
        assert is_valid(one, NOW) and set(wanted) <= set(one.names)
        assert not [item for item in found if is_valid(item, NOW) and (item.not_before, item.id) > (one.not_before, one.id)]
