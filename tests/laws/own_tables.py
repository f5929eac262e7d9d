"""An import contract: a room's `tables` module is imported inside that room only."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.application.contract_utils import AlertLevel


class OwnTables(Contract):
    """`ignore_imports` names the exceptions; each has its reason beside it."""

    type_name = "own_tables"

    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Broken by each module that imports the tables of another room."""
        contract_utils.remove_ignored_imports_and_report(graph=graph, ignore_imports=self.ignore_imports, unmatched_alerting=AlertLevel.ERROR)
        strangers = [
            {"importer": importer, "imported": tables}
            for tables in sorted(graph.modules)
            if tables.endswith(".tables")
            for importer in sorted(graph.find_modules_that_directly_import(tables))
            if not f"{importer}.".startswith(f"{tables.rpartition('.')[0]}.")
        ]
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each."""
        for stranger in check.metadata["strangers"]:
            output.print_error(f"{stranger['importer']} imports {stranger['imported']}: ask the room that owns them")
