# METADATA
# title: the selector of a workload changes
# description: >-
#   Kubernetes refuses to change the selector of a workload that exists. Deleting and creating it
#   again leaves its old pods behind or takes them down.
# custom:
#   kind: transition
#   severity: error
#   fix: keep the selector, or give the workload a new name and remove the old one in a later change
#   docs: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates
package drydock.transition.selector_change

import data.drydock.lib.kubernetes

kinds := {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}

deny contains {
	"msg": sprintf("the selector of %s changes, which Kubernetes refuses", [kubernetes.label(input.object)]),
	"pointer": "/spec/selector",
} if {
	input.operation == "UPDATE"
	kubernetes.group(input.object) == "apps"
	input.object.kind in kinds
	input.object.spec.selector != input.old.spec.selector
}
