"""VPC channels, their groups and members, and what is made of a microservice."""

import unittest

import huaweicloudsdkapig.v2 as apig

from official_client import SluiceTest


class Channels(SluiceTest):
    def wanted(self, name: str, *members: str) -> apig.VpcCreate:
        return apig.VpcCreate(
            name=name,
            port=8080,
            balance_strategy=1,
            member_type="ip",
            vpc_channel_type="builtin",
            members=[apig.MemberInfo(host=host, weight=10) for host in members],
        )

    def channel(self, name: str, *members: str) -> str:
        return self.client.create_vpc_channel_v2(body=self.wanted(name, *members)).id

    def members(self, channel: str) -> list:
        return self.client.list_backend_instances_v2(vpc_channel_id=channel).members

    def hosts(self, channel: str) -> set[str]:
        return {member.host for member in self.members(channel)}

    def test_a_channel_from_its_creation_to_its_end(self) -> None:
        channel = self.channel("kept", "192.168.0.1")
        self.client.update_vpc_channel_v2(vpc_channel_id=channel, body=self.wanted("kept_two", "192.168.0.2"))
        seen = self.client.show_details_of_vpc_channel_v2(vpc_channel_id=channel)
        self.assertEqual((seen.name, seen.type, seen.vpc_channel_type), ("kept_two", 2, "builtin"))
        self.assertEqual([(m.host, m.port, m.weight) for m in seen.members], [("192.168.0.2", 8080, 10)])
        self.assertEqual([c.id for c in self.client.list_vpc_channels_v2(name="kept_two").vpc_channels], [channel])

        self.client.update_health_check(
            vpc_channel_id=channel,
            body=apig.VpcHealthConfig(
                protocol="http",
                path="/alive",
                http_code="200",
                threshold_normal=1,
                threshold_abnormal=2,
                time_interval=5,
                timeout=1,
            ),
        )
        checked = self.client.show_details_of_vpc_channel_v2(vpc_channel_id=channel).vpc_health_config
        self.assertEqual((checked.protocol, checked.path, checked.http_code), ("http", "/alive", "200"))

        self.client.delete_vpc_channel_v2(vpc_channel_id=channel)
        with self.refused(404, "APIG.3023"):
            self.client.show_details_of_vpc_channel_v2(vpc_channel_id=channel)

    def test_members_come_rest_and_go(self) -> None:
        channel = self.channel("peopled", "192.168.0.1")
        self.client.adding_backend_instances_v2(
            vpc_channel_id=channel, body=apig.VpcMemberCreate(members=[apig.MemberInfo(host="192.168.0.2", weight=5)])
        )
        self.assertEqual(self.hosts(channel), {"192.168.0.1", "192.168.0.2"})
        ids = {member.host: member.id for member in self.members(channel)}

        one = apig.MembersBatchEnableOrDisable(member_ids=[ids["192.168.0.2"]])
        for switch, status in [("disable", 2), ("enable", 1)]:
            getattr(self.client, f"batch_{switch}_members")(vpc_channel_id=channel, body=one)
            self.assertEqual({m.host: m.status for m in self.members(channel)}["192.168.0.2"], status)

        self.client.delete_backend_instance_v2(vpc_channel_id=channel, member_id=ids["192.168.0.1"])
        self.assertEqual(self.hosts(channel), {"192.168.0.2"})
        self.client.update_backend_instances_v2(
            vpc_channel_id=channel, body=apig.VpcMemberModify(members=[apig.MemberInfo(host="192.168.0.3", weight=1)])
        )
        self.assertEqual(self.hosts(channel), {"192.168.0.3"})

    def test_groups_of_members_come_change_and_go(self) -> None:
        channel = self.channel("grouped")
        group = apig.MemberGroupCreate(member_group_name="blue", member_group_weight=20)
        created = self.client.create_member_group(
            vpc_channel_id=channel, body=apig.MemberGroupCreateBatch(member_groups=[group])
        )
        identifier = created.member_groups[0].member_group_id
        self.client.update_member_group(
            vpc_channel_id=channel,
            member_group_id=identifier,
            body=apig.MemberGroupCreate(member_group_name="green", member_group_weight=30),
        )
        seen = self.client.show_details_of_member_group(vpc_channel_id=channel, member_group_id=identifier)
        self.assertEqual((seen.member_group_name, seen.member_group_weight), ("green", 30))
        listed = self.client.list_member_groups(vpc_channel_id=channel).member_groups
        self.assertIn("green", [entry.member_group_name for entry in listed])
        self.client.delete_member_group(vpc_channel_id=channel, member_group_id=identifier)
        listed = self.client.list_member_groups(vpc_channel_id=channel).member_groups
        self.assertNotIn("green", [entry.member_group_name for entry in listed])

    def test_a_microservice_becomes_a_channel_a_group_and_apis(self) -> None:
        made = self.client.import_microservice(
            body=apig.MicroserviceImportReq(
                group_info=apig.MicroserviceGroup(group_name="from_cluster"),
                service_type="CCE",
                protocol="HTTPS",
                apis=[apig.MicroserviceApiCreate(name="orders", req_method="ANY", req_uri="/orders", match_mode="SWA")],
                backend_timeout=5000,
                auth_type="NONE",
                cce_info=apig.MicroServiceInfoCCECreate(
                    cluster_id="cluster-1",
                    namespace="default",
                    workload_type="deployment",
                    app_name="orders",
                    version="v1",
                    port=8080,
                ),
            )
        )
        (api,) = made.apis
        seen = self.client.show_details_of_api_v2(api_id=api.id)
        self.assertEqual((seen.name, seen.req_uri, seen.group_name), ("orders", "/orders", "from_cluster"))
        channel = self.client.show_details_of_vpc_channel_v2(vpc_channel_id=made.vpc_channel_id)
        self.assertEqual((channel.type, channel.microservice_info.service_type), (3, "CCE"))


if __name__ == "__main__":
    unittest.main()
