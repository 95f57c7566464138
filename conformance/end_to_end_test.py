"""The main job, by the official Python SDK: define an API, publish it, protect it, call it, take it back."""

import time
import unittest

import requests
from huaweicloudsdkapig.v2 import (
    ApiActionInfo,
    ApiAuthCreate,
    ApiCreate,
    ApiGroupCreate,
    ApigClient,
    AppCreate,
    AssociateRequestThrottlingPolicyV2Request,
    BackendApiCreate,
    BackendParamBase,
    CreateAnAppV2Request,
    CreateApiGroupV2Request,
    CreateApiV2Request,
    CreateAuthorizingAppsV2Request,
    CreateOrDeletePublishRecordForApiV2Request,
    CreateRequestThrottlingPolicyV2Request,
    ListInstancesV2Request,
    ListLatelyApiStatisticsV2Request,
    ListLatelyGroupStatisticsV2Request,
    ReqParamBase,
    ThrottleApiBindingCreate,
    ThrottleBaseInfo,
)
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from echo import Echo
from sluice import Sluice

RELEASE = "DEFAULT_ENVIRONMENT_RELEASE_ID"
LIMIT = 5


def management_client(sluice: Sluice, secret: str | None = None) -> ApigClient:
    credentials = BasicCredentials(
        sluice.credentials["access_key"],
        secret or sluice.credentials["secret_key"],
        sluice.credentials["project_id"],
    )
    return (
        ApigClient.new_builder()
        .with_credentials(credentials)
        .with_endpoint(sluice.credentials["endpoint"])
        .build()
    )


class EndToEnd(unittest.TestCase):
    def setUp(self) -> None:
        self.sluice = self.enterContext(Sluice())
        self.backend = self.enterContext(Echo())
        self.client = management_client(self.sluice)
        self.instance = self.sluice.credentials["instance_id"]

    def test_an_api_is_defined_published_protected_called_and_taken_back(self) -> None:
        instances = self.client.list_instances_v2(ListInstancesV2Request()).instances
        self.assertEqual([instance.id for instance in instances], [self.instance])

        group = self.client.create_api_group_v2(
            CreateApiGroupV2Request(instance_id=self.instance, body=ApiGroupCreate(name="orders"))
        )
        api = self.client.create_api_v2(CreateApiV2Request(instance_id=self.instance, body=self.definition(group.id)))
        publication = self.publish(api.id, "online")
        app = self.client.create_an_app_v2(
            CreateAnAppV2Request(instance_id=self.instance, body=AppCreate(name="shop"))
        )
        authorized = self.client.create_authorizing_apps_v2(
            CreateAuthorizingAppsV2Request(
                instance_id=self.instance,
                body=ApiAuthCreate(env_id=RELEASE, app_ids=[app.id], api_ids=[api.id]),
            )
        )
        self.assertEqual([item.auth_result.status for item in authorized.auths], ["SUCCESS"])
        throttle = self.client.create_request_throttling_policy_v2(
            CreateRequestThrottlingPolicyV2Request(
                instance_id=self.instance,
                body=ThrottleBaseInfo(name="few", api_call_limits=LIMIT, time_interval=1, time_unit="HOUR"),
            )
        )
        self.client.associate_request_throttling_policy_v2(
            AssociateRequestThrottlingPolicyV2Request(
                instance_id=self.instance,
                body=ThrottleApiBindingCreate(strategy_id=throttle.id, publish_ids=[publication.publish_id]),
            )
        )

        host = group.sl_domain
        unsigned = self.eventually(lambda: self.call(host), 401)
        self.assertEqual(unsigned.json()["error_code"], "APIG.0303")
        self.assertEqual(unsigned.json()["request_id"], unsigned.headers["X-Request-Id"])

        wrong = self.call(host, app.app_key, "not-the-secret")
        self.assertEqual((wrong.status_code, wrong.json()["error_code"]), (401, "APIG.0303"))

        for _ in range(LIMIT):
            reply = self.call(host, app.app_key, app.app_secret)
            self.assertEqual(reply.status_code, 200, reply.text)
            received = reply.json()
            self.assertEqual(received["path"], "/backend/42")
            self.assertEqual(received["query"], {"verbose": ["yes"], "source": ["sluice"]})
            self.assertEqual(received["headers"]["x-trace"], "abc")
            self.assertEqual(received["headers"]["x-app"], app.id)
            self.assertNotIn("authorization", received["headers"])

        refused = self.call(host, app.app_key, app.app_secret)
        self.assertEqual((refused.status_code, refused.json()["error_code"]), (429, "APIG.0308"))

        self.assert_statistics(group.id, api.id, good=LIMIT, bad=3)

        self.publish(api.id, "offline")
        gone = self.eventually(lambda: self.call(host, app.app_key, app.app_secret), 404)
        self.assertEqual(gone.json()["error_code"], "APIG.0101")

    def test_a_wrong_key_is_refused_in_the_way_that_the_sdk_understands(self) -> None:
        stranger = management_client(self.sluice, secret="wrong")
        with self.assertRaises(ClientRequestException) as refused:
            stranger.list_instances_v2(ListInstancesV2Request())
        self.assertEqual(refused.exception.status_code, 401)
        self.assertEqual(refused.exception.error_code, "APIC.7102")
        self.assertRegex(refused.exception.request_id, "^[0-9a-f]{32}$")

    def definition(self, group_id: str) -> ApiCreate:
        """The caller's path, query and header parameters reach the backend in other places, under other names."""
        return ApiCreate(
            group_id=group_id,
            name="get_order",
            type=1,
            req_protocol="BOTH",
            req_method="GET",
            req_uri="/orders/{id}",
            auth_type="APP",
            backend_type="HTTP",
            req_params=[
                ReqParamBase(name="id", type="STRING", location="PATH", required=1),
                ReqParamBase(name="details", type="STRING", location="QUERY", required=2),
                ReqParamBase(name="trace", type="STRING", location="HEADER", required=2),
            ],
            backend_params=[
                BackendParamBase(name="key", location="PATH", origin="REQUEST", value="id"),
                BackendParamBase(name="verbose", location="QUERY", origin="REQUEST", value="details"),
                BackendParamBase(name="X-Trace", location="HEADER", origin="REQUEST", value="trace"),
                BackendParamBase(name="source", location="QUERY", origin="CONSTANT", value="sluice"),
                BackendParamBase(name="X-App", location="HEADER", origin="SYSTEM", value="$context.appId"),
            ],
            backend_api=BackendApiCreate(
                url_domain=self.backend.address,
                req_protocol="HTTP",
                req_method="GET",
                req_uri="/backend/{key}",
                timeout=5000,
            ),
        )

    def publish(self, api_id: str, action: str):
        return self.client.create_or_delete_publish_record_for_api_v2(
            CreateOrDeletePublishRecordForApiV2Request(
                instance_id=self.instance,
                body=ApiActionInfo(action=action, env_id=RELEASE, api_id=api_id),
            )
        )

    def call(self, host: str, key: str | None = None, secret: str | None = None) -> requests.Response:
        headers = {"Host": host, "trace": "abc"}
        if key is not None:
            signed = SdkRequest(
                method="GET",
                schema="http",
                host=host,
                resource_path="/orders/42",
                query_params=[("details", "yes")],
                header_params=headers,
                body="",
            )
            headers = Signer(BasicCredentials(key, secret)).sign(signed).header_params
        return requests.get(f"{self.sluice.gateway}/orders/42", params={"details": "yes"}, headers=headers, timeout=10)

    def assert_statistics(self, group_id: str, api_id: str, good: int, bad: int) -> None:
        request = ListLatelyApiStatisticsV2Request(instance_id=self.instance, duration="1h", api_id=api_id)

        def minutes():
            return self.client.list_lately_api_statistics_v2(request).list

        deadline = time.monotonic() + 10
        while sum(minute.req_count for minute in minutes()) < good + bad and time.monotonic() < deadline:
            time.sleep(0.1)
        seen = minutes()
        self.assertEqual(sum(minute.req_count for minute in seen), good + bad)
        self.assertEqual(sum(minute.req_count2xx for minute in seen), good)
        self.assertEqual(sum(minute.req_count4xx for minute in seen), bad)
        group = self.client.list_lately_group_statistics_v2(
            ListLatelyGroupStatisticsV2Request(instance_id=self.instance, group_id=group_id)
        )
        self.assertEqual(sum(minute.req_count for minute in group.list), good + bad)

    def eventually(self, call, status: int, within: float = 0.1) -> requests.Response:
        """A change reaches every worker within 100 ms of the reply to the client that made it."""
        deadline = time.monotonic() + within
        reply = call()
        while reply.status_code != status and time.monotonic() < deadline:
            reply = call()
        self.assertEqual(reply.status_code, status, reply.text)
        return reply


if __name__ == "__main__":
    unittest.main()
