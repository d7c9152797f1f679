"""Refusals around signing in, tokens and codes."""

from backend.core.errors import Invalid, NotAllowed, NotAuthenticated, TooMany


class BadCredentials(NotAuthenticated):
    """Name and password do not fit together, or the account is closed: all look the same from outside."""

    code = "bad_credentials"


class TokenNotValid(NotAuthenticated):
    """The token is unknown, expired or ended; a refresh or a new sign-in is needed."""

    code = "token_not_valid"


class RefreshReused(NotAuthenticated):
    """A refresh token came a second time: somebody else may hold it, so the whole device is signed out."""

    code = "refresh_reused"


class TooManyAttempts(TooMany):
    """Too many failed tries by this name and address, or from this address."""

    code = "too_many_attempts"


class PhoneNotValid(Invalid):
    """Not a mobile number of mainland China."""

    code = "phone_not_valid"


class CodeNotValid(Invalid):
    """The one-time code is wrong, used, expired, or was tried too often: all look the same from outside."""

    code = "code_not_valid"


class TooManyCodes(TooMany):
    """The phone number or the address has asked for too many codes."""

    code = "too_many_codes"


class ApiKeyNotValid(NotAllowed):
    """No system holds this key, or it was revoked."""

    code = "api_key_not_valid"


class BadSystemName(Invalid):
    """The short name of another system has other signs than small letters, digits and hyphens."""

    code = "bad_system_name"
