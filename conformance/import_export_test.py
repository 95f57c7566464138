"""OpenAPI files in and out, at once and as tasks."""

import json
import tempfile
import time
import unittest
from pathlib import Path

import huaweicloudsdkapig.v2 as apig
from huaweicloudsdkcore.http.formdata import FormFile

from official_client import RELEASE, SluiceTest


def document(title: str, *paths: str) -> dict:
    operation = {
        "x-apigateway-request-type": "public",
        "x-apigateway-match-mode": "NORMAL",
        "x-apigateway-cors": False,
        "x-apigateway-backend": {"type": "MOCK", "mockEndpoints": {"result-content": "hello"}},
        "responses": {"default": {"description": "whatever"}},
    }
    return {
        "swagger": "2.0",
        "info": {"title": title, "version": "1"},
        "paths": {path: {"get": {**operation, "operationId": f"get_{path.strip('/')}"}} for path in paths},
    }


class ImportExport(SluiceTest):
    def setUp(self) -> None:
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, content: dict) -> FormFile:
        path = self.directory / "api.json"
        path.write_text(json.dumps(content))
        return FormFile(self.enterContext(path.open("rb")), content_type="application/json")

    def paths_of(self, group: str) -> list[str]:
        return sorted(api.req_uri for api in self.client.list_apis_v2(group_id=group).apis)

    def finished(self, task: str):
        deadline = time.monotonic() + 10
        while (seen := self.client.show_async_task_result(task_id=task)).task_status not in ("succeed", "failed"):
            self.assertLess(time.monotonic(), deadline, seen.task_status)
            time.sleep(0.02)
        self.assertEqual(seen.task_status, "succeed", seen.task_result)
        return json.loads(seen.task_result)

    def test_what_is_imported_is_exported(self) -> None:
        done = self.client.import_api_definitions_v2(
            body=apig.ImportApiDefinitionsV2RequestBody(file_name=self.file(document("at_once", "/one", "/two")))
        )
        self.assertEqual(done.failure, [])
        self.assertEqual([entry.action for entry in done.success], ["create", "create"])
        self.assertEqual(self.paths_of(done.group_id), ["/one", "/two"])

        for api in self.client.list_apis_v2(group_id=done.group_id).apis:
            self.publish(api.id)
        wanted = apig.ExportOpenApiReq(env_id=RELEASE, group_id=done.group_id, define="all", type="json")
        kept: list[bytes] = []
        self.client.export_api_definitions_v2(body=wanted).consume_download_stream(
            lambda stream: kept.append(stream.content)
        )
        self.assertEqual(sorted(json.loads(kept[0])["paths"]), ["/one", "/two"])

        task = self.client.export_api_definitions_async(body=wanted).task_id
        self.assertEqual(sorted(json.loads(self.finished(task)["Comment"])["paths"]), ["/one", "/two"])

    def test_an_import_is_done_as_a_task(self) -> None:
        group = self.group("as_a_task")
        task = self.client.import_api_definitions_async(
            body=apig.ImportApiDefinitionsAsyncRequestBody(
                is_create_group=False, group_id=group, file_name=self.file(document("as_a_task", "/three"))
            )
        ).task_id
        self.assertEqual(len(self.finished(task)["success"]), 1)
        self.assertEqual(self.paths_of(group), ["/three"])


if __name__ == "__main__":
    unittest.main()
