# METADATA
# title: more than half of the replicas go at once
# description: >-
#   What is left takes the whole load. A drop of this size is more often a typing error or a merge
#   gone wrong than a plan.
# custom:
#   kind: transition
#   severity: error
#   fix: lower the number in steps, or say in the pull request why the load is gone
#   docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment
package drydock.transition.replica_drop

import data.drydock.lib.kubernetes

deny contains {
	"msg": sprintf("%s goes from %d to %d replicas", [kubernetes.label(input.object), before, after]),
	"pointer": "/spec/replicas",
} if {
	input.operation == "UPDATE"
	before := replicas(input.old)
	after := replicas(input.object)
	after * 2 < before
}

# Without a number there is one replica.
replicas(object) := number if {
	object.kind in {"Deployment", "StatefulSet", "ReplicaSet"}
	kubernetes.group(object) == "apps"
	number := number_of(object)
}

number_of(object) := object.spec.replicas if is_number(object.spec.replicas)

number_of(object) := 1 if not has_number(object)

has_number(object) if is_number(object.spec.replicas)
