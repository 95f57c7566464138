"""Public access, ingress ports and the endpoint service of an instance."""

import sqlite3
import time
import unittest
import uuid
from pathlib import Path

import huaweicloudsdkapig.v2 as apig

from official_client import SluiceTest

# There is no network to name: any id is kept.
NETWORK = "5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11"


class Network(SluiceTest):
    own_sluice = True

    def instance(self):
        return self.client.show_details_of_instance_v2()

    def test_egress_is_opened_widened_and_closed(self) -> None:
        self.client.add_engress_eip_v2(
            body=apig.OpenEngressEipReq(bandwidth_size="5", bandwidth_charging_mode="bandwidth")
        )
        self.assertEqual(self.instance().bandwidth_size, 5)
        self.assertTrue(self.instance().nat_eip_address)
        self.client.update_engress_eip_v2(
            body=apig.OpenEngressEipReq(bandwidth_size="10", bandwidth_charging_mode="bandwidth")
        )
        self.assertEqual(self.instance().bandwidth_size, 10)
        self.client.remove_engress_eip_v2()
        self.assertEqual(self.instance().bandwidth_size, 0)

    def test_ingress_is_opened_widened_and_closed(self) -> None:
        opened = self.client.add_ingress_eip_v2(
            body=apig.OpenIngressEipReq(bandwidth_size=5, bandwidth_charging_mode="traffic")
        )
        self.assertEqual(opened.instance_id, self.client.instance)
        self.assertEqual([address.bandwidth_size for address in self.instance().publicips], [5])
        self.client.update_ingress_eip_v2(
            body=apig.OpenIngressEipReq(bandwidth_size=7, bandwidth_charging_mode="traffic")
        )
        self.assertEqual([address.bandwidth_size for address in self.instance().publicips], [7])
        self.client.remove_ingress_eip_v2()
        self.assertEqual(self.instance().publicips, [])

    def test_an_elastic_address_of_an_instance_with_lvs(self) -> None:
        instance = self.client.create_instance_v2(
            body=apig.InstanceCreateReq(
                instance_name="gateway_lvs",
                spec_id="BASIC",
                vpc_id=NETWORK,
                subnet_id=NETWORK,
                security_group_id=NETWORK,
                available_zone_ids=["az1"],
                loadbalancer_provider="lvs",
            )
        ).instance_id
        deadline = time.monotonic() + 10
        while self.client.show_details_of_instance_v2(instance_id=instance).status != "Running":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

        bound = self.client.add_eip_v2(instance_id=instance, body=apig.EipBindReq(eip_id=NETWORK))
        self.assertEqual(bound.eip_id, NETWORK)
        seen = self.client.show_details_of_instance_v2(instance_id=instance)
        self.assertEqual(seen.eip_address, bound.eip_address)
        self.client.remove_eip_v2(instance_id=instance)
        self.assertIsNone(self.client.show_details_of_instance_v2(instance_id=instance).eip_address)

    def test_an_ingress_port_and_the_domain_that_uses_it(self) -> None:
        port = self.client.add_custom_ingress_port(body=apig.IngressPortCreate(protocol="HTTP", ingress_port=18080))
        listed = self.client.list_custom_ingress_ports(protocol="HTTP", ingress_port=18080).ingress_port_infos
        self.assertEqual([entry.ingress_port_id for entry in listed], [port.ingress_port_id])

        group = self.group("ported")
        domain = self.client.associate_domain_v2(
            group_id=group,
            body=apig.UrlDomainCreate(url_domain="www.ported.com", ingress_http_port=18080, ingress_https_port=-1),
        )
        users = self.client.list_custom_ingress_port_domains(ingress_port_id=port.ingress_port_id).domain_infos
        self.assertEqual([(user.domain_name, user.group_id) for user in users], [("www.ported.com", group)])
        with self.refused(400, "APIC.7257"):
            self.client.delete_custom_ingress_port(ingress_port_id=port.ingress_port_id)

        self.client.disassociate_domain_v2(group_id=group, domain_id=domain.id)
        self.client.delete_custom_ingress_port(ingress_port_id=port.ingress_port_id)
        self.assertEqual(self.client.list_custom_ingress_ports().total, 0)

    def test_who_may_connect_to_the_endpoint_service(self) -> None:
        def permissions() -> set[str]:
            return {entry.permission for entry in self.client.list_endpoint_permissions().permissions}

        (own,) = permissions()
        added = [f"iam:domain::{'6a' * 16}", f"iam:domain::{'7c' * 16}"]
        self.client.add_endpoint_permissions(body=apig.EndpointPermissionList(permissions=added))
        self.assertEqual(permissions(), {own, *added})
        self.client.delete_endpoint_permissions(body=apig.EndpointPermissionList(permissions=added[:1]))
        self.assertEqual(permissions(), {own, added[1]})

    def test_a_connection_is_accepted_and_rejected(self) -> None:
        """There are no endpoints here but those that an operator writes into the table."""
        connection, now = str(uuid.uuid4()), int(time.time() * 1000)
        database = sqlite3.connect(Path(self.sluice.directory) / "sluice.db", timeout=10)
        with database:
            database.execute(
                "insert into endpoint_connections (id, instance_id, marker_id, domain_id, status, created_at,"
                " updated_at) values (?, ?, 42, 'other-domain', 'pendingAcceptance', ?, ?)",
                (connection, self.client.instance, now, now),
            )
        database.close()

        for action, status in [("receive", "accepted"), ("reject", "rejected")]:
            self.client.accept_or_reject_endpoint_connections(
                body=apig.ConnectionActionReq(action=action, endpoints=[connection])
            )
            (seen,) = self.client.list_endpoint_connections(id=connection).connections
            self.assertEqual((seen.marker_id, seen.status), (42, status))


if __name__ == "__main__":
    unittest.main()
