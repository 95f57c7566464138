"""Each feature of an instance, by a pair of real requests that it makes different; none may be without."""

import time
import unittest
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import huaweicloudsdkapig.v2 as apig

# As modules: what is a test case in this one's namespace runs once more.
import constant_features
import feature_case
import switched_features
from feature_pairs import SHOWN_ELSEWHERE, named_by_the_reference, pair, shown


class OneProcess(switched_features.Switched, constant_features.AlwaysThere):
    def test_every_feature_that_an_instance_names_has_a_pair(self) -> None:
        names = set(self.client.show_details_of_instance_v2().supported_features)
        self.assertEqual(names - shown, set(SHOWN_ELSEWHERE), "have no pair")
        self.assertEqual(shown - names, set(), "are no features")


class TwoProcesses(feature_case.FeatureTest):
    """Who counts: both processes of a gateway together, or each for itself."""

    workers = 2

    def admitted(self, name: str, limit: Callable[[str, str], None]) -> int:
        """How many of many calls a limit of one a day admits; `limit` is given the API and its publication."""
        api = self.api(self.group_id, name, auth_type="NONE")
        limit(api, self.publish(api))
        # Online anew at a path where nobody could call it before the limit was there.
        path = f"limited/{name}"
        self.changed(api, name, req_uri=f"/{path}")
        total, deadline = 0, time.monotonic() + 10
        while time.monotonic() < deadline:
            with ThreadPoolExecutor(8) as callers:
                statuses = list(callers.map(lambda _: self.caller.call(f"/{path}").status, range(16)))
            total += statuses.count(200)
            if statuses.count(429) == len(statuses):
                break
        return total

    @pair(before=1, after=2)
    def test_throttle_strategy(self) -> Iterator[int]:
        body = apig.ThrottleBaseInfo(name="one_a_day", api_call_limits=1, time_interval=1, time_unit="DAY")
        throttle = self.client.create_request_throttling_policy_v2(body=body).id

        def bind(_: str, publication: str) -> None:
            body = apig.ThrottleApiBindingCreate(strategy_id=throttle, publish_ids=[publication])
            self.client.associate_request_throttling_policy_v2(body=body)

        yield self.admitted("together", bind)
        self.switch("throttle_strategy", {"enable": "on", "strategy": "local"})
        yield self.admitted("each_for_itself", bind)

    @pair(before=1, after=2)
    def test_rate_limit_algorithm(self) -> Iterator[int]:
        def attach(algorithm: str) -> Callable[[str, str], None]:
            content = {"scope": "basic", "default_interval": 1, "default_time_unit": "day", "api_limit": 1}
            return lambda api, _: self.attached_plugin(api, "rate_limit", {**content, "algorithm": algorithm})

        yield self.admitted("counted_exactly", attach("counter"))
        yield self.admitted("counted_locally", attach("local"))


class Inventory(unittest.TestCase):
    def test_every_feature_that_the_reference_names_has_a_pair(self) -> None:
        names = named_by_the_reference()
        self.assertIn("ratelimit", names)
        self.assertEqual(names - shown, set(), "have no pair")


if __name__ == "__main__":
    unittest.main()
