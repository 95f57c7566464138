"""Huawei's client, unmodified, with the instance filled in, a strict reader behind it, a record of what was called."""

import atexit
import contextlib
import functools
import json
import unittest
from collections.abc import Iterator
from typing import Any

import huaweicloudsdkapig.v2 as apig
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.sdk_stream_response import SdkStreamResponse

from sluice import Sluice
from strict_reader import misfits

RELEASE = "DEFAULT_ENVIRONMENT_RELEASE_ID"

succeeded: set[tuple[str, str]] = set()
"""Method and path template of every operation that the client has called with success, in any test."""


class OfficialClient:
    """`client.create_an_app_v2(body=apig.AppCreate(name="shop"))`: every operation, under the SDK's name for it."""

    def __init__(self, sluice: Sluice, secret: str | None = None) -> None:
        credentials = sluice.credentials
        self.instance = credentials["instance_id"]
        self.sdk = (
            apig.ApigClient.new_builder()
            .with_credentials(
                BasicCredentials(
                    credentials["access_key"], secret or credentials["secret_key"], credentials["project_id"]
                )
            )
            .with_endpoint(credentials["endpoint"])
            .build()
        )

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self.sdk, operation)
        request_type = getattr(apig, operation.title().replace("_", "") + "Request")
        template = getattr(apig.ApigClient, f"_{operation}_http_info")(request_type())
        path = template["resource_path"]

        def call(**parameters: Any) -> Any:
            if "{instance_id}" in path:
                parameters = {"instance_id": self.instance, **parameters}
            reply = method(request_type(**parameters))
            succeeded.add((template["method"], path))
            check_types(reply)
            return reply

        return call


def check_types(reply: Any) -> None:
    """The Python SDK keeps what it gets; Go's and Java's would have failed where this does."""
    if isinstance(reply, SdkStreamResponse) or not reply.raw_content:
        return
    wrong = list(misfits(json.loads(reply.raw_content), type(reply)))
    if wrong:
        raise AssertionError(f"{type(reply).__name__} does not fit the SDK's model: {'; '.join(wrong)}")


@functools.cache
def common_sluice() -> Sluice:
    """Started by the first test that asks for it, stopped when all have run: to start is what takes the time."""
    sluice = Sluice(workers=1).__enter__()
    atexit.register(sluice.__exit__)
    return sluice


class SluiceTest(unittest.TestCase):
    """One Sluice for all tests that need none of their own, which is why each gives its objects names of their own."""

    maxDiff = None
    own_sluice = False
    """For tests that count what there is, or change what holds for the whole instance."""
    workers = 1
    """Gateway processes of a Sluice of its own."""
    sluice: Sluice
    client: OfficialClient

    @classmethod
    def setUpClass(cls) -> None:
        cls.sluice = cls.enterClassContext(Sluice(cls.workers)) if cls.own_sluice else common_sluice()
        cls.client = OfficialClient(cls.sluice)

    @contextlib.contextmanager
    def refused(self, status: int, code: str) -> Iterator[None]:
        """Whatever the SDK makes of a refusal: its code, its text, and the id of the request."""
        with self.assertRaises(ClientRequestException) as refusal:
            yield
        error = refusal.exception
        self.assertEqual((error.status_code, error.error_code), (status, code), error.error_msg)
        self.assertTrue(error.error_msg)
        self.assertRegex(error.request_id, "^[0-9a-f]{32}$")

    def group(self, name: str) -> str:
        return self.client.create_api_group_v2(body=apig.ApiGroupCreate(name=name)).id

    def api(self, group_id: str, name: str, **attributes: Any) -> str:
        """A mock API that takes app authentication."""
        definition = {
            "group_id": group_id,
            "name": name,
            "type": 1,
            "req_protocol": "HTTP",
            "req_method": "GET",
            "req_uri": f"/{name}",
            "auth_type": "APP",
            "backend_type": "MOCK",
            "mock_info": apig.ApiMockCreate(result_content="hello"),
        }
        return self.client.create_api_v2(body=apig.ApiCreate(**{**definition, **attributes})).id

    def publish(self, api_id: str, environment: str = RELEASE, action: str = "online") -> str:
        body = apig.ApiActionInfo(action=action, env_id=environment, api_id=api_id)
        return self.client.create_or_delete_publish_record_for_api_v2(body=body).publish_id

    def published_api(self, name: str) -> tuple[str, str]:
        """An API in a group of its own, and the id of its publication in RELEASE."""
        api = self.api(self.group(f"group_{name}"), name)
        return api, self.publish(api)

    def app(self, name: str) -> str:
        return self.client.create_an_app_v2(body=apig.AppCreate(name=name)).id
