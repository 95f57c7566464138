"""Callers of published APIs, on a connection of their own each time."""

import http.client
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from sluice import Sluice


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def sent(self) -> dict[str, str]:
        """Headers of the request as the backend `Echo` got it."""
        return self.json()["headers"]


class Caller:
    def __init__(self, sluice: Sluice, host: str) -> None:
        """@param host of the requests that name no other"""
        self.sluice = sluice
        self.host = host

    def call(
        self,
        target: str,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: bytes = b"",
        host: str | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.sluice.http, timeout=10)
        try:
            connection.request(method, target, body or None, {"Host": host or self.host, **(headers or {})})
            reply = connection.getresponse()
            return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def sign(self, path: str, key: str, secret: str, headers: dict[str, str] | None = None) -> dict[str, str]:
        """Headers of a GET that the signer of Huawei's SDK has signed."""
        request = SdkRequest(
            method="GET",
            schema="http",
            host=self.host,
            resource_path=path,
            query_params=[],
            header_params={"Host": self.host, **(headers or {})},
            body="",
        )
        return Signer(BasicCredentials(key, secret)).sign(request).header_params

    def agreed(self, protocols: list[str], ciphers: str = "DEFAULT") -> tuple[str | None, str]:
        """By TLS 1.2: the protocol and the cipher suite that the gateway chooses of those that a client offers."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(protocols)
        context.set_ciphers(ciphers)
        with socket.create_connection(("127.0.0.1", self.sluice.https), timeout=10) as connection:
            with context.wrap_socket(connection, server_hostname=self.host) as secure:
                return secure.selected_alpn_protocol(), secure.cipher()[0]
