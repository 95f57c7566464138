"""What every client does first and last: a tour through all kinds of objects, and what it makes of refusals."""

import unittest

import huaweicloudsdkapig.v2 as apig
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.region.region import Region

from official_client import RELEASE, OfficialClient, SluiceTest


class Tour(SluiceTest):
    own_sluice = True

    def test_a_tour_that_leaves_nothing_behind(self) -> None:
        """106: instances, group, API, publication, app, authorisation, throttle, plugin; then all of it away."""
        client = self.client
        self.assertEqual([i.id for i in client.list_instances_v2().instances], [client.instance])
        group = self.group("tour")
        client.update_api_group_v2(group_id=group, body=apig.ApiGroupBase(name="tour", remark="seen"))
        self.assertEqual(client.show_details_of_api_group_v2(group_id=group).remark, "seen")
        api = self.api(group, "tour")
        publication = self.publish(api)
        app = self.app("tourist")
        (authorisation,) = client.create_authorizing_apps_v2(
            body=apig.ApiAuthCreate(env_id=RELEASE, app_ids=[app], api_ids=[api])
        ).auths
        throttle = client.create_request_throttling_policy_v2(
            body=apig.ThrottleBaseInfo(name="tour", api_call_limits=1, time_interval=1, time_unit="SECOND")
        ).id
        (binding,) = client.associate_request_throttling_policy_v2(
            body=apig.ThrottleApiBindingCreate(strategy_id=throttle, publish_ids=[publication])
        ).throttle_applys
        plugin = client.create_plugin(
            body=apig.PluginCreate(
                plugin_name="tour",
                plugin_type="cors",
                plugin_scope="global",
                plugin_content='{"allow_origin":"*","allow_methods":"GET","allow_headers":"x","expose_headers":"x",'
                '"max_age":60,"allow_credentials":false}',
            )
        ).plugin_id
        attachment = apig.PluginOperApiInfo(env_id=RELEASE, api_ids=[api])
        client.attach_api_to_plugin(plugin_id=plugin, body=attachment)

        client.detach_api_from_plugin(plugin_id=plugin, body=attachment)
        client.delete_plugin(plugin_id=plugin)
        client.disassociate_request_throttling_policy_v2(throttle_binding_id=binding.id)
        client.delete_request_throttling_policy_v2(throttle_id=throttle)
        client.canceling_authorization_v2(app_auth_id=authorisation.id)
        client.delete_app_v2(app_id=app)
        self.publish(api, action="offline")
        client.delete_api_v2(api_id=api)
        client.delete_api_group_v2(group_id=group)

        left = [client.list_apis_v2(), client.list_apps_v2(), client.list_plugins()]
        self.assertEqual([found.total for found in left], [0, 0, 0])
        self.assertEqual(client.list_request_throttling_policy_v2().total, 0)
        self.assertEqual([g.name for g in client.list_api_groups_v2().groups], ["DEFAULT"])


class Clients(SluiceTest):
    def test_refusals_of_every_kind_carry_code_message_and_request(self) -> None:
        """106: not found, wrong parameter, taken name, wrong state, wrong key."""
        group = self.group("refusing")
        self.publish(self.api(group, "refusing"))
        with self.refused(404, "APIG.3001"):
            self.client.show_details_of_api_group_v2(group_id="0" * 32)
        with self.refused(400, "APIG.2011"):
            self.group("x")
        with self.refused(400, "APIG.3201"):
            self.group("refusing")
        with self.refused(412, "APIG.3415"):
            self.client.delete_api_group_v2(group_id=group)
        with self.refused(401, "APIG.1002"):
            OfficialClient(self.sluice, secret="wrong").list_apps_v2()

    def test_the_sdk_finds_its_project_by_the_name_of_the_region(self) -> None:
        """106: without a project id the SDK asks IAM, once."""
        credentials = self.sluice.credentials
        keys = BasicCredentials(credentials["access_key"], credentials["secret_key"])
        sdk = (
            apig.ApigClient.new_builder()
            .with_credentials(keys.with_iam_endpoint(credentials["endpoint"]))
            .with_region(Region("local-1", credentials["endpoint"]))
            .build()
        )
        self.assertEqual(sdk.list_instances_v2(apig.ListInstancesV2Request()).total, 1)
        self.assertEqual(sdk.get_credentials().project_id, credentials["project_id"])

    def test_a_page_is_a_page(self) -> None:
        """106: a loop over pages as programs write it ends after the last object."""
        names = {f"paged_{number}" for number in range(5)}
        for name in names:
            self.app(name)
        seen: list[str] = []
        while page := self.client.list_apps_v2(name="paged_", limit=2, offset=len(seen)).apps:
            seen += [app.name for app in page]
        self.assertEqual(sorted(seen), sorted(names))


if __name__ == "__main__":
    unittest.main()
