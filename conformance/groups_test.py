"""Groups, environments and their variables, and the replies with which gateways refuse."""

import unittest

import huaweicloudsdkapig.v2 as apig

from official_client import RELEASE, SluiceTest


class Groups(SluiceTest):
    def test_a_group_from_its_creation_to_its_end(self) -> None:
        self.client.check_api_groups_v2(body=apig.ApiGroupCheck(group_name="orders"))
        created = self.client.create_api_group_v2(body=apig.ApiGroupCreate(name="orders", remark="of the shop"))
        group = created.id
        self.assertTrue(created.sl_domain.startswith(f"{group}."))
        with self.refused(400, "APIG.3201"):
            self.client.check_api_groups_v2(body=apig.ApiGroupCheck(group_name="orders"))

        self.client.update_api_group_v2(group_id=group, body=apig.ApiGroupBase(name="orders_two", remark=""))
        seen = self.client.show_details_of_api_group_v2(group_id=group)
        self.assertEqual((seen.name, seen.remark, seen.is_default), ("orders_two", "", 2))
        self.assertEqual([g.id for g in self.client.list_api_groups_v2(name="orders_two").groups], [group])

        self.client.update_sl_domain_setting_v2(
            group_id=group, body=apig.SlDomainAccessSetting(sl_domain_access_enabled=False)
        )
        self.assertFalse(self.client.show_details_of_api_group_v2(group_id=group).sl_domain_access_enabled)

        self.client.delete_api_group_v2(group_id=group)
        with self.refused(404, "APIG.3001"):
            self.client.show_details_of_api_group_v2(group_id=group)

    def test_an_environment_from_its_creation_to_its_end(self) -> None:
        def names() -> set[str]:
            return {environment.name for environment in self.client.list_environments_v2().envs}

        environment = self.client.create_environment_v2(body=apig.EnvCreate(name="STAGE")).id
        self.assertEqual(names(), {"RELEASE", "STAGE"})
        self.client.update_environment_v2(env_id=environment, body=apig.EnvCreate(name="PILOT", remark="soon"))
        (seen,) = self.client.list_environments_v2(name="PILOT").envs
        self.assertEqual((seen.id, seen.remark), (environment, "soon"))
        self.client.delete_environment_v2(env_id=environment)
        self.assertEqual(names(), {"RELEASE"})
        with self.refused(403, "APIG.1103"):
            self.client.delete_environment_v2(env_id=RELEASE)

    def test_a_variable_from_its_creation_to_its_end(self) -> None:
        group = self.group("with_variables")
        variable = self.client.create_environment_variable_v2(
            body=apig.EnvVariableCreate(
                group_id=group, env_id=RELEASE, variable_name="host", variable_value="a.example.com"
            )
        ).id
        self.client.update_environment_variable_v2(
            env_variable_id=variable, body=apig.EnvVariableBase(variable_value="b.example.com")
        )
        seen = self.client.show_details_of_environment_variable_v2(env_variable_id=variable)
        self.assertEqual((seen.variable_name, seen.variable_value), ("host", "b.example.com"))
        listed = self.client.list_environment_variables_v2(group_id=group, env_id=RELEASE).variables
        self.assertEqual([entry.id for entry in listed], [variable])
        self.client.delete_environment_variable_v2(env_variable_id=variable)
        with self.refused(404, "APIG.3011"):
            self.client.show_details_of_environment_variable_v2(env_variable_id=variable)

    def test_gateway_responses_are_set_type_by_type_and_fall_back(self) -> None:
        group = self.group("with_responses")
        texts = {"NOT_FOUND": apig.ResponseInfo(status=410, body="gone")}
        response = self.client.create_gateway_response_v2(
            group_id=group, body=apig.ResponsesCreate(name="own", responses=texts)
        ).id
        listed = self.client.list_gateway_responses_v2(group_id=group).responses
        self.assertEqual({entry.name for entry in listed}, {"default", "own"})

        def set_types() -> dict[str, tuple[int, str]]:
            seen = self.client.show_details_of_gateway_response_v2(group_id=group, response_id=response)
            return {name: (text.status, text.body) for name, text in seen.responses.items() if not text.default}

        self.assertEqual(set_types(), {"NOT_FOUND": (410, "gone")})
        of_type = {"group_id": group, "response_id": response, "response_type": "THROTTLED"}
        self.client.update_gateway_response_type_v2(
            **of_type,
            body=apig.ResponseInfo(
                status=503, body="later", headers=[apig.ResponseInfoHeader(key="Retry-After", value="1")]
            ),
        )
        throttled = self.client.show_details_of_gateway_response_type_v2(**of_type).body["THROTTLED"]
        self.assertEqual((throttled.status, throttled.headers[0].key), (503, "Retry-After"))
        self.assertEqual(set(set_types()), {"NOT_FOUND", "THROTTLED"})
        self.client.delete_gateway_response_type_v2(**of_type)
        self.assertEqual(set(set_types()), {"NOT_FOUND"})

        self.client.update_gateway_response_v2(
            group_id=group, response_id=response, body=apig.ResponsesCreate(name="renamed")
        )
        self.assertEqual(set_types(), {})
        self.client.delete_gateway_response_v2(group_id=group, response_id=response)
        self.assertEqual([r.name for r in self.client.list_gateway_responses_v2(group_id=group).responses], ["default"])


if __name__ == "__main__":
    unittest.main()
