"""APIs: definition, publication, versions, debugging; what is counted and measured of them."""

import time
import unittest

import huaweicloudsdkapig.v2 as apig
import requests

from official_client import RELEASE, SluiceTest


class Apis(SluiceTest):
    def test_an_api_from_its_definition_to_its_end(self) -> None:
        group = self.group("defining")
        self.client.check_apis_v2(body=apig.ApiCheckInfoV2(type="name", name="order", group_id=group))
        api = self.api(
            group,
            "order",
            req_uri="/orders/{id}",
            tags=["shop", "read"],
            req_params=[apig.ReqParamBase(name="id", type="STRING", location="PATH", required=1)],
        )
        with self.refused(400, "APIG.3202"):
            self.client.check_apis_v2(body=apig.ApiCheckInfoV2(type="name", name="order", group_id=group))
        self.assertLessEqual({"read", "shop"}, set(self.client.list_tags_v2(limit=500).tags))

        seen = self.client.show_details_of_api_v2(api_id=api)
        self.assertEqual((seen.req_uri, seen.match_mode, seen.group_name), ("/orders/{id}", "NORMAL", "defining"))
        self.assertEqual([(p.name, p.location, p.required) for p in seen.req_params], [("id", "PATH", 1)])

        changed = apig.ApiCreate(
            group_id=group,
            name="order",
            type=2,
            req_protocol="HTTPS",
            req_method="POST",
            req_uri="/orders",
            auth_type="NONE",
            backend_type="HTTP",
            backend_api=apig.BackendApiCreate(
                url_domain="backend.example.com", req_protocol="HTTPS", req_method="POST", req_uri="/", timeout=1000
            ),
        )
        self.client.update_api_v2(api_id=api, body=changed)
        seen = self.client.show_details_of_api_v2(api_id=api)
        self.assertEqual((seen.type, seen.auth_type, seen.req_params), (2, "NONE", []))
        self.assertIsNone(seen.mock_info)
        self.assertEqual((seen.backend_api.url_domain, seen.backend_api.timeout), ("backend.example.com", 1000))
        self.assertEqual([entry.id for entry in self.client.list_apis_v2(group_id=group).apis], [api])

        self.client.delete_api_v2(api_id=api)
        with self.refused(404, "APIG.3002"):
            self.client.show_details_of_api_v2(api_id=api)

    def test_versions_are_published_switched_and_withdrawn(self) -> None:
        api = self.api(self.group("publishing"), "versioned", auth_type="NONE")
        publication = self.publish(api)
        older = self.versions(api)[0].version_id
        self.assertEqual(self.publish(api), publication, "republication keeps the id")
        newer = self.versions(api)[0].version_id
        self.assertNotEqual(newer, older)
        self.assertEqual(self.client.list_api_version_detail_v2(version_id=newer).id, api)
        self.assertEqual(self.client.list_api_runtime_definition_v2(api_id=api, env_id=RELEASE).id, api)

        switched = self.client.change_api_version_v2(api_id=api, body=apig.ApiVersion(version_id=older))
        self.assertEqual((switched.publish_id, switched.version_id), (publication, older))
        self.assertEqual([v.version_id for v in self.versions(api) if v.status == 1], [older])

        self.client.delete_api_by_version_id_v2(version_id=older)
        self.assertFalse(self.client.show_details_of_api_v2(api_id=api).run_env_id)

    def versions(self, api: str):
        return self.client.list_api_versions_v2(api_id=api, env_id=RELEASE).api_versions

    def test_many_are_published_and_withdrawn_at_once(self) -> None:
        group = self.group("many")
        apis = [self.api(group, name) for name in ("many_one", "many_two")]
        for action, published in [("online", 2), ("offline", 0)]:
            result = self.client.batch_publish_or_offline_api_v2(
                action=action, body=apig.ApiBatchPublish(apis=apis, env_id=RELEASE)
            )
            self.assertEqual((len(result.success), result.failure), (2, []))
            self.assertEqual(self.client.list_apis_v2(group_id=group, env_id=RELEASE).total, published)

    def test_a_definition_is_debugged_before_it_is_published(self) -> None:
        api = self.api(self.group("debugging"), "debugged", auth_type="NONE")
        result = self.client.debug_api_v2(
            api_id=api, body=apig.ApiDebugInfo(mode="DEVELOPER", scheme="HTTP", method="GET", path="/debugged")
        )
        self.assertTrue(result.request.startswith("GET /debugged HTTP/1.1"), result.request)
        self.assertIn("200", result.response.split("\n")[0])
        self.assertTrue(result.response.endswith("hello"), result.response)
        self.assertGreaterEqual(result.latency, 0)


class Overviews(SluiceTest):
    own_sluice = True

    def test_what_there_is_and_what_was_called(self) -> None:
        group = self.client.create_api_group_v2(body=apig.ApiGroupCreate(name="counted"))
        api = self.api(group.id, "counted", auth_type="NONE")
        self.assertEqual(self.client.list_api_groups_quantities_v2().offsell_nums, 2)
        self.assertEqual(self.outline(), (1, 0, 1))
        self.publish(api)
        self.assertEqual(self.outline(), (1, 1, 0))
        self.app("lonely")
        apps = self.client.list_app_quantities_v2()
        self.assertEqual((apps.authed_nums, apps.unauthed_nums), (0, 1))

        begin = int(time.time()) * 1000 - 60_000
        self.until(lambda: self.call(group.sl_domain) == 200)
        self.until(lambda: self.calls_of(api) >= 1)
        of_group = self.client.list_lately_group_statistics_v2(group_id=group.id).list
        self.assertEqual(sum(minute.req_count for minute in of_group), self.calls_of(api))

        points = self.client.list_metric_data(
            dim="inbound_eip",
            metric_name="upstream_bandwidth",
            _from=str(begin),
            to=str(int(time.time() * 1000)),
            period=1,
            filter="average",
        ).datapoints
        self.assertIsInstance(points, list)

    def outline(self) -> tuple[int, int, int]:
        seen = self.client.list_api_quantities_v2()
        return seen.instance_num, seen.nums_on_release, seen.nums_off_release

    def calls_of(self, api: str) -> int:
        minutes = self.client.list_lately_api_statistics_v2(api_id=api, duration="1h").list
        return sum(minute.req_count for minute in minutes)

    def call(self, host: str) -> int:
        return requests.get(f"{self.sluice.gateway}/counted", headers={"Host": host}, timeout=10).status_code

    def until(self, condition) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
