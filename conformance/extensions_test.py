"""What APIs are extended by: plugins, custom authorizers, orchestration rules."""

import json
import unittest

import huaweicloudsdkapig.v2 as apig

from official_client import RELEASE, SluiceTest

HEADERS = json.dumps(
    {"response_headers": [{"name": "X-Shop", "value": "open", "value_type": "custom_value", "action": "override"}]}
)


class Plugins(SluiceTest):
    own_sluice = True

    def plugin(self, name: str) -> str:
        body = apig.PluginCreate(
            plugin_name=name, plugin_type="set_resp_headers", plugin_scope="global", plugin_content=HEADERS
        )
        return self.client.create_plugin(body=body).plugin_id

    def test_a_plugin_from_its_creation_to_its_end(self) -> None:
        plugin = self.plugin("kept")
        content = HEADERS.replace("open", "closed")
        self.client.update_plugin(
            plugin_id=plugin,
            body=apig.PluginCreate(
                plugin_name="kept_two", plugin_type="set_resp_headers", plugin_scope="global", plugin_content=content
            ),
        )
        seen = self.client.show_plugin(plugin_id=plugin)
        self.assertEqual((seen.plugin_name, seen.plugin_content), ("kept_two", content))
        listed = self.client.list_plugins(plugin_name="kept_two").plugins
        self.assertEqual([entry.plugin_id for entry in listed], [plugin])
        self.client.delete_plugin(plugin_id=plugin)
        self.assertEqual(self.client.list_plugins(plugin_name="kept_two").total, 0)

    def test_apis_are_attached_to_a_plugin_and_detached(self) -> None:
        (api, _), plugin = self.published_api("attached"), self.plugin("attaching")
        of_plugin = {"plugin_id": plugin, "env_id": RELEASE}
        self.assertEqual([a.api_id for a in self.client.list_plugin_attachable_apis(**of_plugin).apis], [api])
        body = apig.PluginOperApiInfo(env_id=RELEASE, api_ids=[api])
        (attached,) = self.client.attach_api_to_plugin(plugin_id=plugin, body=body).attached_plugins
        self.assertEqual((attached.api_id, attached.plugin_id), (api, plugin))
        self.assertEqual([a.api_id for a in self.client.list_plugin_attached_apis(**of_plugin).apis], [api])
        self.client.detach_api_from_plugin(plugin_id=plugin, body=body)
        self.assertEqual(self.client.list_plugin_attached_apis(**of_plugin).total, 0)

    def test_plugins_are_attached_to_an_api_and_detached(self) -> None:
        (api, _), plugin = self.published_api("extended"), self.plugin("extending")
        of_api = {"api_id": api, "env_id": RELEASE}
        self.assertIn(plugin, [p.plugin_id for p in self.client.list_api_attachable_plugins(**of_api).plugins])
        body = apig.ApiOperPluginInfo(env_id=RELEASE, plugin_ids=[plugin])
        (attached,) = self.client.attach_plugin_to_api(api_id=api, body=body).attached_plugins
        self.assertEqual((attached.api_id, attached.plugin_id), (api, plugin))
        seen = self.client.list_api_attached_plugins(**of_api).plugins
        self.assertEqual([(p.plugin_id, p.plugin_content) for p in seen], [(plugin, HEADERS)])
        self.client.detach_plugin_from_api(api_id=api, body=body)
        self.assertEqual(self.client.list_api_attached_plugins(**of_api).total, 0)


class Authorizers(SluiceTest):
    def test_an_authorizer_from_its_creation_to_its_end(self) -> None:
        def wanted(name: str) -> apig.AuthorizerCreate:
            return apig.AuthorizerCreate(
                name=name,
                type="FRONTEND",
                authorizer_type="FUNC",
                authorizer_uri="urn:fss:local-1:0123456789abcdef0123456789abcdef:function:default:check",
                identities=[apig.Identity(name="token", location="HEADER", validation="^[a-z]+$")],
                ttl=0,
                need_body=True,
            )

        authorizer = self.client.create_custom_authorizer_v2(body=wanted("check_token")).id
        self.client.update_custom_authorizer_v2(authorizer_id=authorizer, body=wanted("check_tokens"))
        seen = self.client.show_details_of_custom_authorizers_v2(authorizer_id=authorizer)
        self.assertEqual((seen.name, seen.ttl, seen.need_body), ("check_tokens", 0, True))
        self.assertEqual([(i.name, i.validation) for i in seen.identities], [("token", "^[a-z]+$")])
        listed = self.client.list_custom_authorizers_v2(name="check_tokens").authorizer_list
        self.assertEqual([entry.id for entry in listed], [authorizer])
        self.client.delete_custom_authorizer_v2(authorizer_id=authorizer)
        with self.refused(404, "APIG.3081"):
            self.client.show_details_of_custom_authorizers_v2(authorizer_id=authorizer)


class Orchestrations(SluiceTest):
    def test_a_rule_from_its_creation_to_its_end(self) -> None:
        def wanted(name: str, *values: str) -> apig.OrchestrationCreate:
            return apig.OrchestrationCreate(
                orchestration_name=name,
                orchestration_strategy="list",
                orchestration_mapped_param=apig.OrchestrationMappedParam(
                    mapped_param_name="stage", mapped_param_type="string", mapped_param_location="header"
                ),
                orchestration_map=[apig.OrchestrationMap(map_param_list=list(values), mapped_param_value="pilot")],
            )

        rule = self.client.create_orchestration(body=wanted("pilots", "ann")).orchestration_id
        self.client.update_orchestration(orchestration_id=rule, body=wanted("pilots_two", "ann", "bob"))
        seen = self.client.show_details_of_orchestration(orchestration_id=rule)
        self.assertEqual(seen.orchestration_name, "pilots_two")
        self.assertEqual([entry.map_param_list for entry in seen.orchestration_map], [["ann", "bob"]])
        listed = self.client.list_orchestrations(orchestration_name="pilots_two").orchestrations
        self.assertEqual([entry.orchestration_id for entry in listed], [rule])

        user = apig.ReqParamBase(name="user", type="STRING", location="QUERY", required=2, orchestrations=[rule])
        api = self.api(self.group("orchestrated"), "orchestrated", req_params=[user])
        attached = self.client.list_orchestration_attached_apis(orchestration_id=rule).apis
        self.assertEqual([entry.api_id for entry in attached], [api])
        self.client.delete_api_v2(api_id=api)
        self.client.delete_orchestration(orchestration_id=rule)
        with self.refused(404, "APIG.3095"):
            self.client.show_details_of_orchestration(orchestration_id=rule)


if __name__ == "__main__":
    unittest.main()
