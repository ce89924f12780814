package drydock.transition.selector_change_test

import data.drydock.transition.selector_change

workload(app) := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "web"},
	"spec": {"selector": {"matchLabels": {"app": app}}},
}

test_another_label_is_a_change if {
	count(selector_change.deny) == 1 with input as {"operation": "UPDATE", "object": workload("a"), "old": workload("b")}
}

test_the_same_label_is_none if {
	count(selector_change.deny) == 0 with input as {"operation": "UPDATE", "object": workload("a"), "old": workload("a")}
}
