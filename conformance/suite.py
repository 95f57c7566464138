"""Runs every test of this directory, then says which operations of the contract no test has called with success.

Arguments are those of unittest; with any of them only some tests run, and nothing is said of the others.
"""

import json
import sys
import unittest
from pathlib import Path

from official_client import succeeded

HERE = Path(__file__).resolve().parent
METHODS = {"get", "put", "post", "delete", "patch", "head"}


def operations() -> dict[tuple[str, str], str]:
    contract = json.loads((HERE.parent / "spec/apig-v2.openapi.json").read_text())
    return {
        (method.upper(), path): operation["operationId"]
        for path, item in contract["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


class Inventory(unittest.TestCase):
    """Runs last: the suite as a whole is what it looks at."""

    def test_every_operation_of_the_contract_was_called_by_the_official_client(self) -> None:
        all_operations = operations()
        missing = sorted(name for call, name in all_operations.items() if call not in succeeded)
        print(f"{len(all_operations) - len(missing)} of {len(all_operations)} operations", file=sys.stderr, end=" ")
        self.assertEqual(missing, [], "never called with success")
        self.assertEqual(succeeded - set(all_operations), set(), "not in the contract")


def main() -> None:
    if len(sys.argv) > 1:
        unittest.main(module=None)
    loader = unittest.TestLoader()
    suite = loader.discover(str(HERE), pattern="*_test.py")
    suite.addTests(loader.loadTestsFromTestCase(Inventory))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
