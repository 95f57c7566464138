"""What tests of features share: a group, a backend, an official client, callers, and a way to wait for changes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huaweicloudsdkapig.v2 as apig
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from caller import Caller, Reply
from echo import Echo
from official_client import RELEASE, OfficialClient, SluiceTest

SETTLED = 421
"""What the group DEFAULT answers for what it does not have; where no group is found, that is 404."""

KEY, SECRET = "key_of_the_app", "secret-of-the-app"
AUTHORIZER = """
exports.handler = async (event) => {
  const { 'x-second': second, 'x-typed': typed } = event.headers
  const status = second === 'yes' ? 'allow' : 'deny'
  return { statusCode: 200, body: JSON.stringify({ status, context: { age: typed ? 7 : '7' } }) }
}
"""


class NotingClient(OfficialClient):
    """Notes whether anything may have changed since `settled` was last set."""

    settled = False

    def __getattr__(self, operation: str) -> Any:
        call = super().__getattr__(operation)
        if operation.startswith(("show_", "list_")):
            return call

        def noted(**parameters: Any) -> Any:
            self.settled = False
            return call(**parameters)

        return noted


class FeatureTest(SluiceTest):
    own_sluice = True
    client: NotingClient
    looks = 0

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client = NotingClient(cls.sluice)
        cls.backend = cls.enterClassContext(Echo())
        cls.features = {one.name: one for one in cls.client.list_features_v2(limit=500).features}
        group = cls.client.create_api_group_v2(body=apig.ApiGroupCreate(name="features"))
        cls.group_id, cls.caller = group.id, Caller(cls.sluice, group.sl_domain)
        (default,) = cls.client.list_api_groups_v2(name="DEFAULT").groups
        cls.client.update_gateway_response_type_v2(
            **cls.response_type(default.id, "NOT_FOUND"), body=apig.ResponseInfo(status=SETTLED, body="settled")
        )

    @classmethod
    def response_type(cls, group_id: str, response_type: str) -> dict[str, str]:
        (response,) = cls.client.list_gateway_responses_v2(group_id=group_id).responses
        return {"group_id": group_id, "response_id": response.id, "response_type": response_type}

    @staticmethod
    def channel(name: str, *members: apig.MemberInfo) -> apig.VpcCreate:
        return apig.VpcCreate(
            name=name,
            port=80,
            balance_strategy=1,
            member_type="ip",
            vpc_channel_type="builtin",
            members=[*members],
        )

    def switch(self, name: str, config: Any = None, enable: bool = True) -> None:
        """Until the test is over."""
        text = config if config is None or isinstance(config, str) else json.dumps(config)
        self.client.create_feature_v2(body=apig.FeatureToggle(name=name, enable=enable, config=text))
        before = self.features[name]
        back = apig.FeatureToggle(name=name, enable=before.enable, config=before.config)
        self.addCleanup(lambda: self.client.create_feature_v2(body=back))

    def call(self, target: str, headers: dict[str, str] | None = None, **request: Any) -> Reply:
        self.settle()
        return self.caller.call(target, headers, **request)

    def settle(self) -> None:
        """Returns when the gateway has all that was changed: it takes changes in their order, and this is the last."""
        if self.client.settled:
            return
        FeatureTest.looks += 1
        host = f"10.{FeatureTest.looks // 256}.{FeatureTest.looks % 256}.1"
        config = json.dumps({"enable": "on", "hosts": [host]})
        body = apig.FeatureToggle(name="default_group_host_trustlist", enable=True, config=config)
        self.client.create_feature_v2(body=body)
        seen = self.eventually(lambda: self.caller.call("/", host=host).status, SETTLED)
        self.assertEqual(seen, SETTLED, "a change does not reach the gateway")
        self.client.settled = True

    def eventually(self, observe: Callable[[], Any], wanted: Any, within: float = 5) -> Any:
        """The last observation: the one that is wanted, or what there is instead when time is over."""
        deadline = time.monotonic() + within
        while (seen := observe()) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        return seen

    def published(self, name: str, **attributes: Any) -> str:
        """An API that everybody may call at `/<name>`; its id."""
        definition = {"auth_type": "NONE", "req_protocol": "BOTH", **attributes}
        api = self.api(self.group_id, name, **definition)
        self.publish(api)
        return api

    def changed(self, api: str, name: str, **attributes: Any) -> None:
        """Another definition of a published API, published."""
        definition = {
            "group_id": self.group_id,
            "name": name,
            "type": 1,
            "req_protocol": "BOTH",
            "req_method": "GET",
            "req_uri": f"/{name}",
            "auth_type": "NONE",
            "backend_type": "MOCK",
            "mock_info": apig.ApiMockCreate(result_content="hello"),
            **attributes,
        }
        self.client.update_api_v2(api_id=api, body=apig.ApiCreate(**definition))
        self.publish(api)

    def at_backend(self, path: str = "/echo", **attributes: Any) -> dict[str, Any]:
        """What makes a definition that of an API with the backend that tells what it got."""
        backend = {"url_domain": self.backend.address, "req_protocol": "HTTP", "req_method": "ANY", "timeout": 5000}
        return {
            "backend_type": "HTTP",
            "mock_info": None,
            "backend_api": apig.BackendApiCreate(**{**backend, "req_uri": path, **attributes}),
        }

    def authorized_app(self, name: str, *apis: str) -> tuple[str, str, str]:
        """Its id, key and secret."""
        key, secret = f"{KEY}_{name}", f"{SECRET}-{name}"
        app = self.client.create_an_app_v2(body=apig.AppCreate(name=name, app_key=key, app_secret=secret)).id
        body = apig.ApiAuthCreate(env_id=RELEASE, app_ids=[app], api_ids=list(apis))
        self.client.create_authorizing_apps_v2(body=body)
        return app, key, secret

    def attached_plugin(self, api: str, kind: str, content: dict[str, Any]) -> str:
        body = apig.PluginCreate(
            plugin_name=f"{kind}_of_{api}", plugin_type=kind, plugin_scope="global", plugin_content=json.dumps(content)
        )
        plugin = self.client.create_plugin(body=body).plugin_id
        self.client.attach_api_to_plugin(
            plugin_id=plugin, body=apig.PluginOperApiInfo(env_id=RELEASE, api_ids=[api])
        )
        return plugin

    def custom_authorizer(self, name: str) -> str:
        """Knows callers by `X-Second: yes`."""
        functions = Path(self.sluice.directory) / "functions/default"
        functions.mkdir(parents=True, exist_ok=True)
        (functions / "known.js").write_text(AUTHORIZER)
        body = apig.AuthorizerCreate(
            name=name,
            type="FRONTEND",
            authorizer_type="FUNC",
            authorizer_uri="urn:fss:local-1:mine:function:default:known",
            ttl=0,
        )
        return self.client.create_custom_authorizer_v2(body=body).id

    def outcome(self, operation: Callable[[], Any]) -> str:
        """`accepted`, or the code of the refusal."""
        try:
            operation()
        except ClientRequestException as refusal:
            return refusal.error_code
        return "accepted"
