"""Apps with their codes, keys, lists of callers, quotas and authorisations."""

import unittest

import huaweicloudsdkapig.v2 as apig

from official_client import RELEASE, SluiceTest


class Apps(SluiceTest):
    def test_an_app_from_its_creation_to_its_end(self) -> None:
        created = self.client.create_an_app_v2(
            body=apig.AppCreate(name="shop", app_key="key_of_the_shop", app_secret="secret-of-the-shop")
        )
        app = created.id
        self.assertEqual((created.app_key, created.app_secret), ("key_of_the_shop", "secret-of-the-shop"))
        self.assertEqual(self.client.check_app_v2(app_id=app).name, "shop")

        self.client.update_app_v2(app_id=app, body=apig.AppCreate(name="shop_two", remark="renamed"))
        reset = self.client.resetting_app_secret_v2(app_id=app, body=apig.AppResetCreate(app_secret="another-secret"))
        self.assertEqual(reset.app_secret, "another-secret")
        seen = self.client.show_details_of_app_v2(app_id=app)
        self.assertEqual((seen.name, seen.remark, seen.app_secret), ("shop_two", "renamed", "another-secret"))
        self.assertEqual([entry.id for entry in self.client.list_apps_v2(name="shop_two").apps], [app])

        self.client.delete_app_v2(app_id=app)
        with self.refused(404, "APIG.3002"):
            self.client.show_details_of_app_v2(app_id=app)

    def test_codes_of_an_app_given_and_generated(self) -> None:
        app, code = self.app("with_codes"), "C" * 64
        given = self.client.create_app_code_v2(app_id=app, body=apig.AppCodeCreate(app_code=code))
        generated = self.client.create_app_code_auto_v2(app_id=app)
        self.assertGreaterEqual(len(generated.app_code), 64)
        self.assertEqual(self.client.show_details_of_app_code_v2(app_id=app, app_code_id=given.id).app_code, code)
        listed = self.client.list_app_codes_v2(app_id=app).app_codes
        self.assertEqual({entry.id for entry in listed}, {given.id, generated.id})
        self.client.delete_app_code_v2(app_id=app, app_code_id=given.id)
        self.assertEqual([entry.id for entry in self.client.list_app_codes_v2(app_id=app).app_codes], [generated.id])

    def test_keys_of_an_app_for_models(self) -> None:
        app = self.app("with_keys")
        key = self.client.create_ai_api_key(app_id=app, body=apig.AiApiKeyCreate(alias="notebook"))
        seen = self.client.show_details_of_ai_api_key(app_id=app, ai_api_key_id=key.id)
        self.assertEqual((seen.ai_api_key, seen.alias), (key.ai_api_key, "notebook"))
        self.assertEqual([entry.id for entry in self.client.list_ai_api_keys(app_id=app).ai_api_keys], [key.id])
        self.client.delete_ai_api_key(app_id=app, ai_api_key_id=key.id)
        self.assertEqual(self.client.list_ai_api_keys(app_id=app).total, 0)

    def test_who_may_use_an_app(self) -> None:
        app, addresses = self.app("with_acl"), ["192.168.0.1", "10.0.0.0/8"]
        self.client.update_app_acl(app_id=app, body=apig.AppAclCreate(app_acl_type="PERMIT", app_acl_values=addresses))
        seen = self.client.show_details_of_app_acl(app_id=app)
        self.assertEqual((seen.app_acl_type, seen.app_acl_values), ("PERMIT", addresses))
        self.client.delete_app_acl(app_id=app)
        self.assertIsNone(self.client.show_details_of_app_acl(app_id=app).app_acl_type)

    def test_a_quota_and_the_apps_that_share_it(self) -> None:
        app = self.app("with_quota")
        quota = self.client.create_app_quota(
            body=apig.AppQuotaCreate(name="few_calls", call_limits=10, time_unit="DAY", time_interval=1)
        ).app_quota_id
        self.client.update_app_quota(
            app_quota_id=quota,
            body=apig.AppQuotaCreate(name="few_calls", call_limits=20, time_unit="DAY", time_interval=1),
        )
        self.assertEqual(self.client.show_app_quota(app_quota_id=quota).call_limits, 20)

        bindable = self.client.list_app_quota_bindable_apps(app_quota_id=quota, app_name="with_quota").apps
        self.assertEqual([entry.app_id for entry in bindable], [app])
        self.client.associate_apps_for_app_quota(app_quota_id=quota, body=apig.CreateAppQuotaBindingApp(app_ids=[app]))
        self.assertEqual([a.app_id for a in self.client.list_app_quota_bound_apps(app_quota_id=quota).apps], [app])
        self.assertEqual(self.client.show_app_bound_app_quota(app_id=app).app_quota_id, quota)
        self.assertEqual([q.bound_app_num for q in self.client.list_app_quotas(name="few_calls").quotas], [1])
        self.client.disassociate_app_quota_with_app(app_quota_id=quota, app_id=app)
        self.assertIsNone(self.client.show_app_bound_app_quota(app_id=app).app_quota_id)
        self.client.delete_app_quota(app_quota_id=quota)
        self.assertEqual(self.client.list_app_quotas(name="few_calls").total, 0)

    def test_an_app_is_authorised_for_an_api_and_no_longer(self) -> None:
        app, (api, _) = self.app("authorised"), self.published_api("for_authorised")
        self.assertIn(api, self.unauthorised(app))
        granted = self.client.create_authorizing_apps_v2(
            body=apig.ApiAuthCreate(env_id=RELEASE, app_ids=[app], api_ids=[api])
        )
        (authorisation,) = granted.auths
        self.assertEqual(authorisation.auth_result.status, "SUCCESS")
        self.assertEqual([entry.api_id for entry in self.client.list_apis_binded_to_app_v2(app_id=app).auths], [api])
        self.assertEqual([entry.app_id for entry in self.client.list_apps_binded_to_api_v2(api_id=api).auths], [app])
        self.assertNotIn(api, self.unauthorised(app))
        self.client.canceling_authorization_v2(app_auth_id=authorisation.id)
        self.assertEqual(self.client.list_apps_binded_to_api_v2(api_id=api).total, 0)

    def unauthorised(self, app: str) -> list[str]:
        return [entry.id for entry in self.client.list_apis_unbinded_to_app_v2(app_id=app, env_id=RELEASE).apis]


if __name__ == "__main__":
    unittest.main()
