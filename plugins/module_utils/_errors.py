# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one tree of errors. PRIVATE to the collection.

Every message says what was tried, on what, what the cloud said, and what to do next; none holds a secret.
"""

from __future__ import annotations


class CollectionError(Exception):
    """Base of all failures that a module reports; ``extras`` become keys of the failed result."""

    def __init__(self, message, **extras):
        super().__init__(message)
        self.extras = extras

    def as_result(self):
        """The keyword arguments of fail_json."""
        return dict(self.extras, msg=str(self))


class InputError(CollectionError):
    """What the user gave cannot work; nothing was written."""


class MissingLibrary(CollectionError):
    """A Python package is not installed where the module runs; ``trace`` is the import's traceback."""

    def __init__(self, library, trace):
        super().__init__("The Python package '%s' cannot be imported. Install it for the interpreter that runs the module "
                         "(ansible_python_interpreter), for instance with 'pip install %s'." % (library, library), exception=trace)


class TransportError(CollectionError):
    """No usable answer came: name resolution, connection, TLS, time-out, or not the API's. final: trying again is no use."""

    def __init__(self, message, final=False):
        super().__init__(message)
        self.final = final


class OutcomeUnknown(TransportError):
    """The request left and no answer came: a write may have happened. Read before trying again."""


class MutationInCheckMode(CollectionError):
    """A writing call while the transport was read-only: a bug of the collection."""


class ApiError(CollectionError):
    """The cloud refused; code, status and request_id are the vendor's. wait: seconds that it asked to wait."""

    def __init__(self, action, code, message, status=None, request_id=None, hint="", wait=0.0):
        self.code, self.status, self.request_id, self.wait = code, status, request_id, wait
        source = "%s, request id %s" % (code, request_id) if request_id else code
        text = "%s was refused: %s (%s). %s" % (action, message.rstrip(" ."), source, hint)
        super().__init__(text.strip(), error=dict(action=action, code=code, http_status=status, request_id=request_id))


class WaitTimeout(CollectionError):
    """A bounded wait ended; the message holds the last state seen."""
