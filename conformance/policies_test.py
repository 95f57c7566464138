"""What APIs are bound to by publication: throttling, access control, signature keys."""

import unittest

import huaweicloudsdkapig.v2 as apig

from official_client import SluiceTest


class Throttles(SluiceTest):
    def throttle(self, name: str) -> str:
        policy = apig.ThrottleBaseInfo(name=name, api_call_limits=100, time_interval=1, time_unit="MINUTE")
        return self.client.create_request_throttling_policy_v2(body=policy).id

    def test_a_policy_from_its_creation_to_its_end(self) -> None:
        throttle = self.throttle("kept")
        self.client.update_request_throttling_policy_v2(
            throttle_id=throttle,
            body=apig.ThrottleBaseInfo(
                name="kept_two", api_call_limits=50, app_call_limits=5, time_interval=2, time_unit="HOUR", type=2
            ),
        )
        seen = self.client.show_details_of_request_throttling_policy_v2(throttle_id=throttle)
        self.assertEqual((seen.name, seen.api_call_limits, seen.app_call_limits), ("kept_two", 50, 5))
        self.assertEqual((seen.time_interval, seen.time_unit, seen.type), (2, "HOUR", 2))
        listed = self.client.list_request_throttling_policy_v2(name="kept_two").throttles
        self.assertEqual([entry.id for entry in listed], [throttle])
        self.client.delete_request_throttling_policy_v2(throttle_id=throttle)
        with self.refused(404, "APIG.3005"):
            self.client.show_details_of_request_throttling_policy_v2(throttle_id=throttle)

    def test_an_app_with_a_limit_of_its_own(self) -> None:
        throttle, app = self.throttle("special"), self.app("special_app")
        special = self.client.create_special_throttling_configuration_v2(
            throttle_id=throttle, body=apig.ThrottleSpecialCreate(call_limits=10, object_id=app, object_type="APP")
        ).id
        self.client.update_special_throttling_configuration_v2(
            throttle_id=throttle, strategy_id=special, body=apig.ThrottleSpecialUpdate(call_limits=20)
        )

        def listed():
            return self.client.list_special_throttling_configurations_v2(throttle_id=throttle).throttle_specials

        self.assertEqual([(s.object_name, s.call_limits) for s in listed()], [("special_app", 20)])
        self.client.delete_special_throttling_configuration_v2(throttle_id=throttle, strategy_id=special)
        self.assertEqual(listed(), [])

    def test_bindings_replace_each_other_and_are_taken_away(self) -> None:
        (api, publication), first, second = self.published_api("throttled"), self.throttle("one"), self.throttle("two")

        def bind(throttle: str) -> str:
            body = apig.ThrottleApiBindingCreate(strategy_id=throttle, publish_ids=[publication])
            (applied,) = self.client.associate_request_throttling_policy_v2(body=body).throttle_applys
            return applied.id

        def unbound(throttle: str) -> list[str]:
            request = {"throttle_id": throttle, "api_id": api}
            return [a.id for a in self.client.list_apis_unbinded_to_request_throttling_policy_v2(**request).apis]

        def throttles() -> list[str]:
            found = self.client.list_request_throttling_policies_binded_to_api_v2(api_id=api).throttles
            return [entry.id for entry in found]

        bind(first)
        self.assertEqual((unbound(first), unbound(second)), ([], [api]))
        binding = bind(second)
        self.assertEqual(throttles(), [second])
        bound = self.client.list_apis_binded_to_request_throttling_policy_v2(throttle_id=second).apis
        self.assertEqual([(a.id, a.throttle_apply_id) for a in bound], [(api, binding)])
        self.client.disassociate_request_throttling_policy_v2(throttle_binding_id=binding)
        self.assertEqual(throttles(), [])
        removed = self.client.batch_disassociate_throttling_policy_v2(
            action="delete", body=apig.ThrottleBindingBatchDelete(throttle_bindings=[bind(first)])
        )
        self.assertEqual((removed.success_count, removed.failure, throttles()), (1, [], []))


class AccessControl(SluiceTest):
    def acl(self, name: str, value: str = "10.0.0.0/8") -> str:
        body = apig.ApiAclCreate(acl_name=name, acl_type="PERMIT", acl_value=value, entity_type="IP")
        return self.client.create_acl_strategy_v2(body=body).id

    def test_a_policy_from_its_creation_to_its_end(self) -> None:
        acl = self.acl("kept")
        self.client.update_acl_strategy_v2(
            acl_id=acl,
            body=apig.ApiAclCreate(acl_name="kept_two", acl_type="DENY", acl_value="192.168.0.1", entity_type="IP"),
        )
        seen = self.client.show_details_of_acl_policy_v2(acl_id=acl)
        self.assertEqual((seen.acl_name, seen.acl_type, seen.acl_value), ("kept_two", "DENY", "192.168.0.1"))
        self.assertEqual([entry.id for entry in self.client.list_acl_strategies_v2(name="kept_two").acls], [acl])
        self.client.delete_acl_v2(acl_id=acl)
        with self.refused(404, "APIG.3006"):
            self.client.show_details_of_acl_policy_v2(acl_id=acl)

        acls = [self.acl("many_one"), self.acl("many_two")]
        removed = self.client.batch_delete_acl_v2(action="delete", body=apig.AclBatchDelete(acls=acls))
        self.assertEqual((removed.success_count, removed.failure), (2, []))
        self.assertEqual(self.client.list_acl_strategies_v2(name="many").total, 0)

    def test_bindings_are_listed_from_both_sides_and_taken_away(self) -> None:
        (api, publication), acl = self.published_api("guarded"), self.acl("guard")

        def bind() -> str:
            body = apig.AclApiBindingCreate(acl_id=acl, publish_ids=[publication])
            (binding,) = self.client.create_api_acl_binding_v2(body=body).acl_bindings
            return binding.id

        def acls() -> list[str]:
            return [a.acl_id for a in self.client.list_acl_policy_binded_to_api_v2(api_id=api).acls]

        unbound = {"acl_id": acl, "api_id": api}
        self.assertEqual(self.client.list_apis_unbinded_to_acl_policy_v2(**unbound).total, 1)
        binding = bind()
        self.assertEqual(self.client.list_apis_unbinded_to_acl_policy_v2(**unbound).total, 0)
        bound = self.client.list_apis_binded_to_acl_policy_v2(acl_id=acl).apis
        self.assertEqual([(a.api_id, a.bind_id) for a in bound], [(api, binding)])
        self.assertEqual(acls(), [acl])
        self.client.delete_api_acl_binding_v2(acl_bindings_id=binding)
        self.assertEqual(acls(), [])
        removed = self.client.batch_delete_api_acl_binding_v2(
            action="delete", body=apig.AclBindingBatchDelete(acl_bindings=[bind()])
        )
        self.assertEqual((removed.success_count, removed.failure, acls()), (1, [], []))


class SignatureKeys(SluiceTest):
    def sign(self, name: str) -> str:
        body = apig.BaseSignature(name=name, sign_type="hmac", sign_key="first-key", sign_secret="first-secret-0001")
        return self.client.create_signature_key_v2(body=body).id

    def test_a_key_from_its_creation_to_its_end(self) -> None:
        sign = self.sign("kept")
        self.client.update_signature_key_v2(
            sign_id=sign,
            body=apig.BaseSignature(
                name="kept_two", sign_type="hmac", sign_key="other-key", sign_secret="other-secret-0001"
            ),
        )
        (seen,) = self.client.list_signature_keys_v2(id=sign).signs
        self.assertEqual((seen.name, seen.sign_key, seen.sign_secret), ("kept_two", "other-key", "other-secret-0001"))
        self.client.delete_signature_key_v2(sign_id=sign)
        self.assertEqual(self.client.list_signature_keys_v2(id=sign).signs, [])

    def test_a_binding_is_listed_from_both_sides_and_taken_away(self) -> None:
        (api, publication), sign = self.published_api("signed"), self.sign("signing")
        unbound = {"sign_id": sign, "api_id": api}
        self.assertEqual(self.client.list_apis_not_bound_with_signature_key_v2(**unbound).total, 1)
        body = apig.SignApiBinding(sign_id=sign, publish_ids=[publication])
        (binding,) = self.client.associate_signature_key_v2(body=body).bindings
        self.assertEqual(self.client.list_apis_not_bound_with_signature_key_v2(**unbound).total, 0)
        apis = self.client.list_apis_binded_to_signature_key_v2(sign_id=sign).bindings
        self.assertEqual([(b.id, b.api_id) for b in apis], [(binding.id, api)])
        signs = self.client.list_signature_keys_binded_to_api_v2(api_id=api).bindings
        self.assertEqual([(b.id, b.sign_id) for b in signs], [(binding.id, sign)])
        self.client.disassociate_signature_key_v2(sign_bindings_id=binding.id)
        self.assertEqual(self.client.list_signature_keys_binded_to_api_v2(api_id=api).total, 0)


if __name__ == "__main__":
    unittest.main()
