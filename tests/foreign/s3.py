"""S3 of the stand-ins, as boto3 and the aws CLI see it."""

import hashlib
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

REGION = os.environ["AWS_REGION"]
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def client(region=REGION, config=None, **credentials):
    return boto3.client("s3", region_name=region, config=config, **credentials)


def refusal(call, *arguments, **named):
    """The error, and its HTTP status, that a call ends with."""
    try:
        call(*arguments, **named)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("the call was not refused")


def ok(what):
    print("ok", what)


s3 = client()

# Buckets.
assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["peers", "shut"]
location = {"LocationConstraint": REGION}
s3.create_bucket(Bucket="other", CreateBucketConfiguration=location)
assert refusal(s3.create_bucket, Bucket="other", CreateBucketConfiguration=location)[0]["Code"] == "BucketAlreadyOwnedByYou"
assert refusal(s3.create_bucket, Bucket="third")[0]["Code"] == "IllegalLocationConstraintException"
assert s3.get_bucket_location(Bucket="other")["LocationConstraint"] == REGION
assert s3.head_bucket(Bucket="other")["BucketRegion"] == REGION
assert refusal(s3.head_bucket, Bucket="nowhere") == ({"Code": "404", "Message": "Not Found"}, 404)
error, status = refusal(s3.list_objects, Bucket="nowhere")
assert (error["Code"], error["BucketName"], status) == ("NoSuchBucket", "nowhere", 404), error
ok("buckets are made, found and missed")

# Objects, with keys that need every kind of encoding.
keys = ["lab/ISPN/a b+c.list", "lab/ISPN/ü&<>\"'%2F.list", "lab/other.txt", "top"]
for number, key in enumerate(keys):
    body = b"x" * number
    answer = s3.put_object(Bucket="peers", Key=key, Body=body, Metadata={"number": str(number)})
    assert answer["ETag"] == '"' + hashlib.md5(body).hexdigest() + '"', answer
    found = s3.get_object(Bucket="peers", Key=key)
    assert (found["Body"].read(), found["ContentLength"]) == (body, number), key
    assert found["Metadata"] == {"number": str(number)}, found
    assert found["ETag"] == answer["ETag"]
    head = s3.head_object(Bucket="peers", Key=key)
    assert (head["ContentLength"], head["LastModified"]) == (number, found["LastModified"]), head
error, status = refusal(s3.get_object, Bucket="peers", Key="nothing")
assert (error["Code"], error["Key"], status) == ("NoSuchKey", "nothing", 404), error
assert refusal(s3.head_object, Bucket="peers", Key="nothing")[1] == 404
ok("objects come back as they went in")

listed = s3.list_objects(Bucket="peers")
assert sorted(item["Key"] for item in listed["Contents"]) == sorted(keys), listed
assert listed["IsTruncated"] is False
rolled = s3.list_objects(Bucket="peers", Prefix="lab/", Delimiter="/")
assert [item["Key"] for item in rolled["Contents"]] == ["lab/other.txt"], rolled
assert [item["Prefix"] for item in rolled["CommonPrefixes"]] == ["lab/ISPN/"], rolled
for operation in ["list_objects", "list_objects_v2"]:
    for delimiter in [{}, {"Delimiter": "/"}]:
        pages = s3.get_paginator(operation).paginate(
            Bucket="peers", **delimiter, PaginationConfig={"PageSize": 1}
        )
        pages = list(pages)
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        groups = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])]
        wanted = (["top"], ["lab/"]) if delimiter else (sorted(keys), [])
        assert (found, groups) == wanted, (operation, delimiter, found, groups)
counted = s3.list_objects_v2(Bucket="peers", MaxKeys=3, StartAfter="lab/other")
assert counted["KeyCount"] == 2, counted
assert refusal(s3.list_objects_v2, Bucket="peers", ContinuationToken="?")[0]["Code"] == "InvalidArgument"
ok("lists have prefixes, delimiters and pages")

s3.copy_object(Bucket="other", Key="copy", CopySource={"Bucket": "peers", "Key": keys[1]})
assert s3.get_object(Bucket="other", Key="copy")["Body"].read() == b"x"
self_copy = {"Bucket": "other", "Key": "copy", "CopySource": {"Bucket": "other", "Key": "copy"}}
assert refusal(s3.copy_object, **self_copy)[0]["Code"] == "InvalidRequest"
s3.delete_object(Bucket="other", Key="copy")
s3.delete_object(Bucket="other", Key="copy")
objects = [{"Key": key} for key in keys[1:]] + [{"Key": "was never there"}]
answer = s3.delete_objects(Bucket="peers", Delete={"Objects": objects})
assert len(answer["Deleted"]) == 4 and "Errors" not in answer, answer
assert [item["Key"] for item in s3.list_objects_v2(Bucket="peers")["Contents"]] == keys[:1]
ok("copies and deletions")

# What travels with a body is compared with it.
for algorithm in ["CRC32", "SHA256"]:
    s3.put_object(Bucket="other", Key="sum", Body=b"summed", ChecksumAlgorithm=algorithm)
    found = s3.get_object(Bucket="other", Key="sum", ChecksumMode="ENABLED")
    assert found["Checksum" + algorithm] and found["Body"].read() == b"summed", found
wrong = {"Bucket": "other", "Key": "sum", "Body": b"summed", "ChecksumCRC32": "AAAAAA=="}
assert refusal(s3.put_object, **wrong)[0]["Code"] == "BadDigest"
unsigned = client(config=botocore.config.Config(s3={"payload_signing_enabled": False}))
unsigned.put_object(Bucket="other", Key="sum", Body=b"unsigned")
ok("checksums are compared")

# Regions: a client that signs for another one is sent on.
assert refusal(client("eu-west-1").list_objects, Bucket="nowhere")[0]["Code"] == "NoSuchBucket"
elsewhere = client("eu-west-1")
assert elsewhere.list_objects_v2(Bucket="peers")["KeyCount"] == 1
ok("boto3 follows the bucket to its region")

# Rights.
node = client(
    aws_access_key_id=os.environ["NODE_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["NODE_SECRET_ACCESS_KEY"],
    aws_session_token=os.environ["NODE_SESSION_TOKEN"],
)
assert node.list_objects(Bucket="peers", Prefix="lab/ISPN/")["Contents"][0]["Key"] == keys[0]
assert refusal(node.head_bucket, Bucket="peers") == ({"Code": "403", "Message": "Forbidden"}, 403)
ok("HeadBucket is ListBucket without a prefix: a condition on the prefix denies it")
error, status = refusal(node.list_objects_v2, Bucket="peers")
text = 'is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::peers" because no identity-based policy allows the s3:ListBucket action'
assert status == 403 and error["Code"] == "AccessDenied" and error["Message"].endswith(text), error
assert refusal(node.put_object, Bucket="peers", Key="lab/x", Body=b"")[0]["Code"] == "AccessDenied"
assert refusal(node.get_object, Bucket="peers", Key="lab/nothing")[0]["Code"] == "AccessDenied"
answer = node.delete_objects(Bucket="peers", Delete={"Objects": [{"Key": keys[0]}, {"Key": "top"}]})
assert [item["Key"] for item in answer["Deleted"]] == [keys[0]], answer
assert [item["Code"] for item in answer["Errors"]] == ["AccessDenied"], answer
error, status = refusal(s3.list_objects_v2, Bucket="shut")
assert error["Message"].endswith("with an explicit deny in a resource-based policy"), error
ok("the policies of role and bucket are both judged")

other = client(aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="x" * 40, aws_session_token=os.environ["AWS_SESSION_TOKEN"])
assert refusal(other.list_buckets)[0]["Code"] == "SignatureDoesNotMatch"
try:
    urllib.request.urlopen(ENDPOINT + "/peers?list-type=2")
    raise AssertionError("nobody may list")
except urllib.error.HTTPError as error:
    assert error.code == 403 and b"<Code>AccessDenied</Code>" in error.read()
ok("no signature, no answer")
assert refusal(s3.get_bucket_acl, Bucket="peers")[0]["Code"] == "NotImplemented"
ok("what is not here says so")


def aws(*arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "peers.list")
    with open(path, "w") as file:
        file.write("a \tb \tc \tT\n")
    aws("s3", "cp", path, "s3://peers/cli/ISPN/peers.list")
    aws("s3", "cp", "s3://peers/cli/ISPN/peers.list", path + ".back")
    with open(path + ".back") as file:
        assert file.read() == "a \tb \tc \tT\n"
assert "PRE ISPN/" in aws("s3", "ls", "s3://peers/cli/")
assert " 11 peers.list" in aws("s3", "ls", "s3://peers/cli/ISPN/")
keys = aws("s3api", "list-objects", "--bucket", "peers", "--query", "Contents[].Key", "--output", "text")
assert keys.split() == ["cli/ISPN/peers.list"], keys
aws("s3", "rm", "s3://peers/cli/", "--recursive")
assert aws("s3", "ls", "s3://peers/", "--recursive") == ""
ok("aws s3 cp, ls and rm, aws s3api")
