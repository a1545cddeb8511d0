"""STS and the OIDC issuer of the stand-ins, as boto3 and PyJWT see them."""

import json
import os
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
import jwt

REGION = os.environ["AWS_REGION"]
GITHUB = os.environ["WORLD_GITHUB_URL"]


def client(**credentials):
    return boto3.client("sts", region_name=REGION, **credentials)


def code_of(call):
    """The error code that a call ends with."""
    try:
        call()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("the call was not refused")


def ok(what):
    print("ok", what)


def web_token(audience="sts.amazonaws.com"):
    request = urllib.request.Request(
        os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=" + audience,
        headers={"Authorization": "bearer " + os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["value"]


def assume(token, **changes):
    arguments = {
        "RoleArn": "arn:aws:iam::123456789012:role/deploy",
        "RoleSessionName": "foreign",
        "WebIdentityToken": token,
        **changes,
    }
    return client().assume_role_with_web_identity(**arguments)


identity = client().get_caller_identity()
assert identity["Account"] == "123456789012", identity
assert identity["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/admin/"), identity
ok("a signature of boto3's is verified")

wrong = client(
    aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key="x" * 40,
    aws_session_token=os.environ["AWS_SESSION_TOKEN"],
)
assert code_of(wrong.get_caller_identity) == "InvalidSignatureException"
ok("a signature with another key is refused")
unknown = client(aws_access_key_id="ASIA0", aws_secret_access_key="x", aws_session_token="t")
assert code_of(unknown.get_caller_identity) == "InvalidClientTokenId"
ok("an unknown key is refused")

with urllib.request.urlopen(GITHUB + "/oidc/.well-known/openid-configuration") as answer:
    configuration = json.load(answer)
keys = jwt.PyJWKClient(configuration["jwks_uri"])
token = web_token()
claims = jwt.decode(
    token,
    keys.get_signing_key_from_jwt(token).key,
    algorithms=["RS256"],
    audience="sts.amazonaws.com",
    issuer=configuration["issuer"],
)
assert claims["sub"] == "repo:acme/idp:environment:production", claims
assert claims["exp"] - claims["iat"] == 300, claims
ok("PyJWT verifies a token against the published keys")

session = assume(token)
assert session["AssumedRoleUser"]["Arn"].endswith(":assumed-role/deploy/foreign"), session
assert session["SubjectFromWebIdentityToken"] == claims["sub"]
assumed = client(
    aws_access_key_id=session["Credentials"]["AccessKeyId"],
    aws_secret_access_key=session["Credentials"]["SecretAccessKey"],
    aws_session_token=session["Credentials"]["SessionToken"],
)
assert assumed.get_caller_identity()["Arn"] == session["AssumedRoleUser"]["Arn"]
ok("the credentials of a web identity sign requests")

chained = assumed.assume_role(
    RoleArn="arn:aws:iam::123456789012:role/chained",
    RoleSessionName="second",
    Tags=[{"Key": "Repository", "Value": "acme/idp"}],
)
assert chained["AssumedRoleUser"]["Arn"].endswith(":assumed-role/chained/second"), chained
ok("a session assumes the next role of a chain")
longer = lambda: assumed.assume_role(
    RoleArn="arn:aws:iam::123456789012:role/chained", RoleSessionName="second", DurationSeconds=7200
)
assert code_of(longer) == "ValidationError"
untrusted = lambda: client().assume_role(
    RoleArn="arn:aws:iam::123456789012:role/chained", RoleSessionName="second"
)
assert code_of(untrusted) == "AccessDenied"
ok("a chain is one hour long at most, and needs trust")

header, payload, signature = token.split(".")
forged = ".".join([header, payload, signature[:-6] + "AAAAAA"])
assert code_of(lambda: assume(forged)) == "InvalidIdentityToken"
ok("a forged token is refused")
assert code_of(lambda: assume(web_token("elsewhere"))) == "InvalidIdentityToken"
ok("another audience is refused")
other = "arn:aws:iam::123456789012:role/other"
assert code_of(lambda: assume(web_token(), RoleArn=other)) == "AccessDenied"
ok("a role that is not there is access denied")
assert code_of(lambda: assume(web_token(), DurationSeconds=7200)) == "ValidationError"
ok("a duration above the role's maximum is refused")

try:
    urllib.request.urlopen(GITHUB + "/oidc/token?run=1&audience=x")
    raise AssertionError("a token without a request token")
except urllib.error.HTTPError as error:
    assert error.code == 401
ok("no request token, no token")
