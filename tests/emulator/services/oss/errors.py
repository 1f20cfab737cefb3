# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that OSS answers with, and what its XML says beside them."""

from __future__ import annotations

from ...state import CloudError


class OssError(CloudError):
    """more: further elements of the Error; EC is the vendor's finer code, by which its documentation knows the case."""

    def __init__(self, code: str, message: str, status: int = 400, **more: str) -> None:
        super().__init__(code, message, status)
        self.more = more


def anonymous() -> OssError:
    return OssError("AccessDenied", "Anonymous access is forbidden for this operation.", 403)


def bad_authorization(why: str, ec: str) -> OssError:
    return OssError("InvalidArgument", "The Authorization header is invalid: {0}.".format(why), EC=ec)


def invalid_access_key(key_id: str, why: str) -> OssError:
    return OssError("InvalidAccessKeyId", "The OSS Access Key Id you provided {0}.".format(why), 403, OSSAccessKeyId=key_id)


def security_token_expired() -> OssError:
    return OssError("SecurityTokenExpired", "The security token you provided has expired.", 403)


def invalid_security_token() -> OssError:
    return OssError("InvalidSecurityToken", "The security token you provided is invalid.", 403)


def too_skewed(sent: str, now: str) -> OssError:
    return OssError("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403,
                    MaxAllowedSkewMilliseconds="900000", RequestTime=sent, ServerTime=now, EC="0002-00000504")


def wrong_signature(key_id: str, to_sign: str) -> OssError:
    return OssError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your "
                    "key and signing method.", 403, OSSAccessKeyId=key_id, StringToSign=to_sign)


def wrong_signing_region() -> OssError:
    return OssError("InvalidArgument", "Invalid signing region in Authorization header.", EC="0002-00000228")


def wrong_digest() -> OssError:
    return OssError("InvalidDigest", "The Content-MD5 you specified was invalid.")


def not_implemented() -> OssError:
    return OssError("NotImplemented", "A header or parameter you provided implies functionality that is not implemented.", 501)


def invalid_argument(name: str, why: str) -> OssError:
    return OssError("InvalidArgument", "{0}: {1}.".format(name, why), ArgumentName=name)


def malformed_xml() -> OssError:
    return OssError("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")


def access_denied() -> OssError:
    return OssError("AccessDenied", "You have no right to access this object because of the policy of the user.", 403)


def too_many() -> OssError:
    return OssError("QpsLimitExceeded", "Please reduce your request rate.", 429)


def no_such_bucket(name: str) -> OssError:
    return OssError("NoSuchBucket", "The specified bucket does not exist.", 404, BucketName=name)


def elsewhere(name: str, endpoint: str) -> OssError:
    return OssError("AccessDenied", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send "
                    "all future requests to this endpoint.", 403, Bucket=name, Endpoint=endpoint, EC="0003-00001403")


def reserved(domain: str) -> OssError:
    return OssError("CnameIsForbidden", "The domain {0} is reserved for OSS.".format(domain), 403)


def no_filing() -> OssError:
    return OssError("NoSuchCnameInRecord", "No such cname be found in record.", 404)


def not_verified() -> OssError:
    return OssError("NeedVerifyDomainOwnership", "Please verify domain ownership by CreateCnameToken and try again.", 403)


def taken(domain: str, bucket: str) -> OssError:
    return OssError("CnameAlreadyExists", "The cname is mapped to another bucket.", 409, Cname=domain, Bucket=bucket, CnameType="CNAME_OSS")


def invalid_cas_id() -> OssError:
    return OssError("CertificateInvalidCasId", "The CAS ID is invalid: not exist or not belong to the owner of the bucket", 400,
                    EC="0018-00000204")


def wrong_previous() -> OssError:
    """The vendor describes the case by its EC; which Code comes with it is not published."""
    return OssError("InvalidArgument", "The PreviousCertId does not match the certificate of the cname.", EC="0018-00000209")
