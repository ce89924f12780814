package drydock.transition.replica_drop_test

import data.drydock.transition.replica_drop

workload(spec) := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}

found(before, after) := result if result := replica_drop.deny with input as {
	"operation": "UPDATE",
	"old": workload(before),
	"object": workload(after),
}

test_half_is_allowed if count(found({"replicas": 4}, {"replicas": 2})) == 0

test_less_than_half_is_not if count(found({"replicas": 5}, {"replicas": 2})) == 1

test_no_number_means_one if count(found({"replicas": 3}, {})) == 1
