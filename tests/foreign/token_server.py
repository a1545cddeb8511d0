"""Gives out tokens for a registry of the project Distribution, which verifies them: its "Token Authentication
Specification". Writes the certificate to the given file, prints its own address, and serves until it is ended."""

import base64
import datetime
import http.server
import json
import pathlib
import sys
import urllib.parse

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE, USER, PASSWORD = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
NOW = datetime.datetime.now(datetime.timezone.utc)

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(NOW - datetime.timedelta(minutes=5))
    .not_valid_after(NOW + datetime.timedelta(days=1))
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .sign(key, hashes.SHA256())
)
CERTIFICATE.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
DER = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Tokens(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != BASIC:
            self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong name or password"}]})
            return
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        access = []
        for scope in query.get("scope", []):
            kind, repository, actions = scope.split(":")
            access.append({"type": kind, "name": repository, "actions": actions.split(",")})
        now = int(datetime.datetime.now().timestamp())
        claims = {
            "iss": "tokens",
            "sub": USER,
            "aud": query["service"][0],
            "iat": now,
            "nbf": now - 10,
            "exp": now + 300,
            "jti": str(now),
            "access": access,
        }
        token = jwt.encode(claims, key, algorithm="ES256", headers={"x5c": [DER]})
        self.answer(200, {"token": token})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
