"""What the official Prometheus client reads on /metrics after real requests: the text is well formed, and adds up."""

import time
from collections import defaultdict

import requests
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from official_client import SluiceTest

CALLS = 5


class Metrics(SluiceTest):
    own_sluice = True
    workers = 2

    def read(self) -> dict[str, Metric]:
        reply = requests.get(f"{self.sluice.credentials['endpoint']}/metrics", timeout=10)
        self.assertEqual(reply.status_code, 200)
        self.assertEqual(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        families = list(text_string_to_metric_families(reply.text))
        names = [family.name for family in families]
        self.assertEqual(len(names), len(set(names)), "a family came twice")
        for family in families:
            self.assertIn(family.type, {"counter", "gauge", "histogram"}, family.name)
            self.assertTrue(family.documentation, family.name)
            series = [(sample.name, *sorted(sample.labels.items())) for sample in family.samples]
            self.assertEqual(len(series), len(set(series)), f"{family.name}: a series came twice")
            if family.type == "histogram":
                self.check_histogram(family)
        return {family.name: family for family in families}

    def check_histogram(self, family: Metric) -> None:
        steps = defaultdict(list)
        counts = {}
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            series = tuple(sorted(labels.items()))
            if sample.name.endswith("_bucket"):
                steps[series].append((float(sample.labels["le"]), sample.value))
            elif sample.name.endswith("_count"):
                counts[series] = sample.value
        self.assertEqual(set(steps), set(counts))
        for series, found in steps.items():
            self.assertEqual(found, sorted(found), "bounds and counts ascend")
            self.assertEqual(found[-1], (float("inf"), counts[series]), "the last step counts all")

    def test_the_official_parser_reads_figures_that_add_up(self) -> None:
        group = self.group("metrics")
        api = self.api(group, "measured", auth_type="NONE")
        self.publish(api)
        host = {"Host": f"{group}.apic.localhost"}
        url = f"{self.sluice.gateway}/measured"
        deadline = time.monotonic() + 20
        while requests.get(url, headers=host, timeout=10).status_code != 200:
            self.assertLess(time.monotonic(), deadline)
        for _ in range(CALLS - 1):
            self.assertEqual(requests.get(url, headers=host, timeout=10).status_code, 200)

        def served(families: dict[str, Metric]) -> float:
            return sum(
                sample.value
                for sample in families["apig_requests"].samples
                if sample.labels["api_id"] == api and sample.labels["status_class"] == "2xx"
            )

        def gateways(families: dict[str, Metric]) -> set[str]:
            return {sample.labels["worker"] for sample in families["sluice_gateway_connections"].samples}

        families = self.read()
        while served(families) < CALLS or gateways(families) != {"1", "2"}:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
            families = self.read()
        self.assertEqual(served(families), CALLS)
        (count,) = (
            sample.value
            for sample in families["apig_latency_ms"].samples
            if sample.name.endswith("_count") and sample.labels["api_id"] == api
        )
        statistics = self.client.list_lately_api_statistics_v2(api_id=api, duration="1h").list
        self.assertEqual(count, sum(minute.req_count for minute in statistics))
        roles = [sample.labels["role"] for sample in families["process_resident_memory_bytes"].samples]
        self.assertEqual(sorted(roles), ["control", "gateway", "gateway"])
