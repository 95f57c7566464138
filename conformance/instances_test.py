"""Instances, orders, tags of instances, features and limits."""

import time
import unittest

import huaweicloudsdkapig.v2 as apig

from official_client import SluiceTest

# There is no network to name: any id is kept.
NETWORK = "5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11"


def wanted(name: str, model=apig.InstanceCreateReq, **attributes):
    return model(
        **{
            "instance_name": name,
            "spec_id": "BASIC",
            "vpc_id": NETWORK,
            "subnet_id": NETWORK,
            "security_group_id": NETWORK,
            "available_zone_ids": ["az1", "az2"],
            **attributes,
        }
    )


class Instances(SluiceTest):
    own_sluice = True

    def created(self, name: str, **attributes) -> str:
        instance = self.client.create_instance_v2(body=wanted(name, **attributes)).instance_id
        self.until_running(instance)
        self.addCleanup(self.gone, instance)
        return instance

    def until_running(self, instance: str):
        deadline = time.monotonic() + 10
        while (seen := self.client.show_details_of_instance_v2(instance_id=instance)).status != "Running":
            self.assertLess(time.monotonic(), deadline, seen.status)
            time.sleep(0.02)
        return seen

    def gone(self, instance: str) -> None:
        """Deletion is a job: the instance shows that it is being deleted, then is not found."""
        self.client.delete_instances_v2(instance_id=instance)
        deadline = time.monotonic() + 10
        while instance in [entry.id for entry in self.client.list_instances_v2(limit=100).instances]:
            self.assertLess(time.monotonic(), deadline, "still listed")
            time.sleep(0.02)
        with self.refused(404, "APIC.7302"):
            self.client.show_details_of_instance_v2(instance_id=instance)

    def test_an_instance_from_its_creation_to_its_end(self) -> None:
        accepted = self.client.create_instance_v2(body=wanted("gateway_one", description="first"))
        instance = accepted.instance_id
        self.assertEqual(accepted.status_code, 202)
        self.assertRegex(accepted.job_id, "^JOB-[0-9a-f]{32}$")
        self.assertIn(accepted.job_id, accepted.message)

        seen = self.until_running(instance)
        progress = self.client.show_details_of_instance_progress_v2(instance_id=instance)
        self.assertEqual((progress.progress, progress.status), (100, "success"))
        self.assertEqual((seen.instance_status, seen.spec, seen.description), (6, "BASIC", "first"))
        self.assertEqual((seen.vpc_id, seen.available_zone_ids), (NETWORK, "[az1, az2]"))
        listed = self.client.list_instances_v2(instance_name="gateway_one").instances
        self.assertEqual([entry.id for entry in listed], [instance])

        changes = apig.InstanceModReq(
            instance_name="gateway_renamed", description="", maintain_begin="02:00:00", maintain_end="06:00:00"
        )
        self.client.update_instance_v2(instance_id=instance, body=changes)
        seen = self.client.show_details_of_instance_v2(instance_id=instance)
        self.assertEqual(
            (seen.instance_name, seen.description, seen.maintain_begin), ("gateway_renamed", "", "02:00:00")
        )

        self.gone(instance)

    def test_zones_and_networks_that_routes_must_avoid(self) -> None:
        zones = self.client.list_available_zones_v2().available_zones
        self.assertTrue(all(zone.specs["BASIC"] for zone in zones))
        self.assertGreaterEqual(len(zones), 1)
        restriction = self.client.show_restriction_of_instance_v2()
        self.assertIsInstance(restriction.restrict_cidrs, list)
        self.assertTrue(restriction.resource_subnet_cidr)

    def test_an_edition_changes_by_order_or_by_call_only_upwards(self) -> None:
        instance = self.created("gateway_grows")

        job = self.client.create_post_pay_resize_order(
            instance_id=instance, body=apig.ResizeInstanceReq(spec_id="PROFESSIONAL")
        )
        self.assertEqual(job.instance_id, instance)
        self.assertEqual(self.until_running(instance).spec, "PROFESSIONAL")

        order = self.client.create_prepay_resize(
            instance_id=instance,
            body=apig.InstanceChangeOrderReq(
                instance_id=instance, product_id="product-1", resize_info=apig.ResizeInstanceReq(spec_id="ENTERPRISE")
            ),
        )
        self.assertRegex(order.order_id, "^CS")
        self.assertEqual(self.until_running(instance).spec, "ENTERPRISE")

        with self.refused(400, "APIC.7243"):
            self.client.create_post_pay_resize_order(instance_id=instance, body=apig.ResizeInstanceReq(spec_id="BASIC"))

    def test_an_ordered_instance_is_there(self) -> None:
        order = self.client.create_order(
            body=apig.InstanceOrderReq(
                product_id="product-1",
                charging_mode=1,
                period_type=2,
                period_num=1,
                is_auto_renew=0,
                instance_info=wanted("gateway_ordered", apig.InstanceCreateReqV2),
            )
        )
        (entry,) = self.client.list_instances_v2(instance_name="gateway_ordered").instances
        self.addCleanup(self.gone, entry.id)
        seen = self.until_running(entry.id)
        self.assertEqual((seen.charging_mode, seen.cbc_metadata), (1, f"{order.order_id}:product-1"))

    def test_tags_of_instances_are_set_found_and_counted(self) -> None:
        instance = self.created("gateway_tagged", tags=[apig.TmsKeyValue(key="team", value="green")])
        self.client.batch_create_or_delete_instance_tags(
            instance_id=instance,
            body=apig.TmsUpdatePublicReq(
                action="create",
                tags=[apig.TmsKeyValue(key="team", value="red"), apig.TmsKeyValue(key="stage", value="test")],
            ),
        )
        tags = {tag.key: tag.value for tag in self.client.list_instance_tags(instance_id=instance).tags}
        self.assertEqual(tags, {"team": "red", "stage": "test"})
        of_project = {tag.key: tag.values for tag in self.client.list_project_instance_tags().tags}
        self.assertEqual(of_project, {"team": ["red"], "stage": ["test"]})

        query = apig.TmsQueryReq(tags=[apig.TmsKeyValues(key="team", values=["red", "blue"])])
        found = self.client.list_instances_by_tags(limit=10, offset=0, body=query)
        self.assertEqual([resource.resource_id for resource in found.resources], [instance])
        self.assertEqual(self.client.show_instances_num_by_tags(body=query).total_count, 1)

        self.client.batch_create_or_delete_instance_tags(
            instance_id=instance, body=apig.TmsUpdatePublicReq(action="delete", tags=[apig.TmsKeyValue(key="team")])
        )
        self.assertEqual(self.client.show_instances_num_by_tags(body=query).total_count, 0)


class FeaturesAndLimits(SluiceTest):
    own_sluice = True

    def test_a_feature_reads_as_it_was_set(self) -> None:
        names = self.client.list_instance_features(limit=500).features
        self.assertIn("ratelimit", names)

        config = '{"api_limits": 300}'
        self.client.create_feature_v2(body=apig.FeatureToggle(name="ratelimit", enable=True, config=config))
        features = {feature.name: feature for feature in self.client.list_features_v2(limit=500).features}
        self.assertEqual((features["ratelimit"].enable, features["ratelimit"].config), (True, config))
        self.assertIn("route", features)

    def test_limits_of_the_project_and_of_the_instance(self) -> None:
        limits = {config.config_name: config.config_value for config in self.client.list_instance_configs_v2().configs}
        self.assertEqual(limits["INSTANCE_NUM_LIMIT"], "5")

        def apps() -> int:
            configs = self.client.list_project_cofigs_v2(limit=500).configs
            return next(config.used for config in configs if config.config_name == "APP_NUM_LIMIT")

        before = apps()
        self.app("counted")
        self.assertEqual(apps(), before + 1)


if __name__ == "__main__":
    unittest.main()
