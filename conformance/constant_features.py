"""Features that cannot be switched (features.md §3): requests without and with what they allow to configure."""

from collections.abc import Iterator
from typing import Any

import huaweicloudsdkapig.v2 as apig

from echo import Echo
from feature_case import FeatureTest
from feature_pairs import pair
from sluice import free_port


class AlwaysThere(FeatureTest):
    @pair(before=404, after=410)
    def test_gateway_responses(self) -> Iterator[int]:
        yield self.call("/nothing").status
        gone = self.response_type(self.group_id, "NOT_FOUND")
        self.client.update_gateway_response_type_v2(**gone, body=apig.ResponseInfo(status=410, body="gone"))
        self.addCleanup(lambda: self.client.delete_gateway_response_type_v2(**gone))
        yield self.call("/nothing").status

    @pair(before=[200, 200], after=[401, 200])
    def test_multi_auth(self) -> Iterator[list[int]]:
        """Signed calls without and with what a second factor asks for."""
        api = self.published("twice", auth_type="APP")
        _, key, secret = self.authorized_app("twice", api)

        def statuses() -> list[int]:
            signed = self.caller.sign("/twice", key, secret)
            return [self.call("/twice", {**signed, **more}).status for more in ({}, {"X-Second": "yes"})]

        yield statuses()
        self.changed(api, "twice", auth_type="APP", authorizer_id=self.custom_authorizer("second"))
        yield statuses()

    def signed(self, name: str, **key: str) -> Iterator[str | None]:
        """How the gateway shows itself to a backend."""

        def scheme() -> str | None:
            shown = self.call(f"/{name}").sent.get("authorization")
            return shown and shown.split(" ")[0]

        api = self.api(self.group_id, name, auth_type="NONE", **self.at_backend())
        publication = self.publish(api)
        yield scheme()
        sign = self.client.create_signature_key_v2(body=apig.BaseSignature(name=name, sign_type=name[5:], **key)).id
        body = apig.SignApiBinding(sign_id=sign, publish_ids=[publication])
        self.client.associate_signature_key_v2(body=body)
        yield scheme()

    @pair(before=None, after="Basic")
    def test_sign_basic(self) -> Iterator[str | None]:
        return self.signed("sign_basic", sign_key="signer", sign_secret="secret-of-signer")

    @pair(before=None, after="AES")
    def test_sign_aes(self) -> Iterator[str | None]:
        key = {"sign_key": "0123456789abcdef", "sign_secret": "fedcba9876543210", "sign_algorithm": "aes-128-cfb"}
        return self.signed("sign_aes", **key)

    @pair(before=404, after=200)
    def test_cors(self) -> Iterator[int]:
        """A preflight."""
        api = self.published("shared")
        headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
        yield self.call("/shared", headers, method="OPTIONS").status
        self.attached_plugin(api, "cors", {"allow_origin": "*", "allow_methods": "GET"})
        yield self.call("/shared", headers, method="OPTIONS").status

    @pair(before=[200, 200], after=[200, 405])
    def test_app_quota(self) -> Iterator[list[int]]:
        app, key, secret = self.authorized_app("counted", self.published("counting", auth_type="APP"))

        def statuses() -> list[int]:
            return [self.call("/counting", self.caller.sign("/counting", key, secret)).status for _ in range(2)]

        yield statuses()
        body = apig.AppQuotaCreate(name="one_a_day", call_limits=1, time_unit="DAY", time_interval=1)
        quota = self.client.create_app_quota(body=body).app_quota_id
        bound = apig.CreateAppQuotaBindingApp(app_ids=[app])
        self.client.associate_apps_for_app_quota(app_quota_id=quota, body=bound)
        yield statuses()

    @pair(before=200, after=403)
    def test_app_acl(self) -> Iterator[int]:
        app, key, secret = self.authorized_app("listed", self.published("listed", auth_type="APP"))

        def status() -> int:
            return self.call("/listed", self.caller.sign("/listed", key, secret)).status

        yield status()
        body = apig.AppAclCreate(app_acl_type="DENY", app_acl_values=["127.0.0.1"])
        self.client.update_app_acl(app_id=app, body=body)
        yield status()

    @pair(before=None, after="open")
    def test_set_resp_headers(self) -> Iterator[str | None]:
        api = self.published("told")
        yield self.call("/told").headers.get("x-shop")
        header = {"name": "X-Shop", "value": "open", "value_type": "custom_value", "action": "override"}
        self.attached_plugin(api, "set_resp_headers", {"response_headers": [header]})
        yield self.call("/told").headers.get("x-shop")

    def at_channel(self, channel: str, **attributes: Any) -> dict[str, Any]:
        info = apig.ApiBackendVpcReq(vpc_channel_id=channel)
        return self.at_backend(url_domain=None, vpc_channel_info=info, vpc_channel_status=1, **attributes)

    @pair(before=["one", "other"], after=["one"])
    def test_vpc_backup(self) -> Iterator[list[str]]:
        """Which members of a channel carry ten calls."""
        other = self.enterContext(Echo())
        names = {self.backend.port: "one", other.port: "other"}

        def wanted(is_backup: bool) -> apig.VpcCreate:
            members = [
                apig.MemberInfo(host="127.0.0.1", port=self.backend.port, weight=1),
                apig.MemberInfo(host="127.0.0.1", port=other.port, weight=1, is_backup=is_backup),
            ]
            return self.channel("backed_up", *members)

        channel = self.client.create_vpc_channel_v2(body=wanted(False)).id
        self.published("carried", **self.at_channel(channel))

        def carriers() -> list[str]:
            return sorted({names[self.call("/carried").json()["port"]] for _ in range(10)})

        yield carriers()
        self.client.update_vpc_channel_v2(vpc_channel_id=channel, body=wanted(True))
        yield carriers()

    @pair(before=[200, 502], after=[200])
    def test_backend_retry_count(self) -> Iterator[list[int]]:
        """Statuses of calls to a channel of which one member does not answer."""
        ports = [self.backend.port, free_port()]
        members = [apig.MemberInfo(host="127.0.0.1", port=port, weight=1) for port in ports]
        channel = self.client.create_vpc_channel_v2(body=self.channel("half_dead", *members)).id

        def statuses() -> list[int]:
            return sorted({self.call("/repeated").status for _ in range(6)})

        api = self.published("repeated", **self.at_channel(channel, retry_count="0"))
        yield statuses()
        self.changed(api, "repeated", **self.at_channel(channel, retry_count="1"))
        yield statuses()

    @pair(before=0, after=1)
    def test_watch_instance(self) -> Iterator[int]:
        """How many calls the statistics of an API tell, before and after one."""
        api = self.published("watched")
        self.settle()

        def told() -> int:
            seen = self.client.list_lately_api_statistics_v2(duration="1h", api_id=api).list
            return sum(minute.req_count for minute in seen)

        yield told()
        self.call("/watched")
        yield self.eventually(told, 1, within=10)

    @pair(before=[200, None], after=[418, "yes"])
    def test_mock_status_code_and_header(self) -> Iterator[list[Any]]:
        api = self.published("mocked")

        def seen() -> list[Any]:
            reply = self.call("/mocked")
            return [reply.status, reply.headers.get("x-mocked")]

        yield seen()
        # The SDK's model does not have these members.
        mock = {"result_content": "tea", "status_code": 418, "header": [{"key": "X-Mocked", "value": "yes"}]}
        self.changed(api, "mocked", mock_info=mock)
        yield seen()

    @pair(before="default", after="policy")
    def test_policy_sys_param(self) -> Iterator[str]:
        """Which backend answers a path, before and after one asks for it."""
        default = apig.ApiMockCreate(result_content="default")
        api = self.published("conditional", mock_info=default)
        yield self.call("/conditional").body.decode()
        condition = apig.ApiConditionBase(
            condition_origin="system",
            condition_type="exact",
            condition_value="/conditional",
            sys_param_name="req_path",
        )
        policy = apig.ApiPolicyMockCreate(
            name="other", effect_mode="ALL", result_content="policy", conditions=[condition]
        )
        self.changed(api, "conditional", mock_info=default, policy_mocks=[policy])
        yield self.call("/conditional").body.decode()

    def broken(self, name: str, downgrade: dict[str, Any] | None) -> Iterator[list[int]]:
        """Three calls of a backend that fails; two failures are enough."""
        api = self.published(name, **self.at_backend("/status/500"))
        yield [self.call(f"/{name}").status for _ in range(3)]
        condition = {
            "breaker_type": "condition",
            "breaker_mode": "counter",
            "unhealthy_condition": '["$context.statusCode","in","500"]',
            "unhealthy_threshold": 2,
            "time_window": 60,
            "open_breaker_time": 60,
        }
        content = {"scope": "basic", "breaker_condition": condition, "downgrade_default": downgrade}
        self.attached_plugin(api, "breaker", content)
        yield [self.call(f"/{name}").status for _ in range(3)]

    @pair(before=[500, 500, 500], after=[500, 500, 503])
    def test_breaker(self) -> Iterator[list[int]]:
        return self.broken("breaker", None)

    @pair(before=[500, 500, 500], after=[500, 500, 203])
    def test_breakerv2(self) -> Iterator[list[int]]:
        mock = {"status_code": 203, "result_content": "later"}
        return self.broken("breakerv2", {"type": "mock", "mock_info": mock})

    @pair(before=None, after="application/xml")
    def test_content_type_configurable(self) -> Iterator[str | None]:
        """The type that a backend is told of a body of which the caller says none."""
        api = self.published("typed", **self.at_backend())
        yield self.call("/typed").sent.get("content-type")
        self.changed(api, "typed", content_type="application/xml", **self.at_backend())
        yield self.call("/typed").sent.get("content-type")

    @pair(before=[200, 200], after=[200, 429])
    def test_rate_limit_plugin(self) -> Iterator[list[int]]:
        api = self.published("rated")
        yield [self.call("/rated").status for _ in range(2)]
        content = {"scope": "basic", "default_interval": 1, "default_time_unit": "day", "api_limit": 1}
        self.attached_plugin(api, "rate_limit", content)
        yield [self.call("/rated").status for _ in range(2)]
