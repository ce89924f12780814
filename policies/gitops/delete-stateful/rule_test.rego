package drydock.gitops.delete_stateful_test

import data.drydock.gitops.delete_stateful

claim := {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}

test_a_deleted_claim_is_named if {
	delete_stateful.deny == {"removes PersistentVolumeClaim data: where it is deleted, its volume may go with it"} with input as {
		"operation": "DELETE",
		"object": null,
		"old": claim,
	}
}

test_a_changed_claim_is_no_deletion if {
	count(delete_stateful.deny) == 0 with input as {"operation": "UPDATE", "object": claim, "old": claim}
}
