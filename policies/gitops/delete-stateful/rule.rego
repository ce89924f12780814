# METADATA
# title: the change removes what holds data or other objects
# description: >-
#   Deleting a claim can delete its volume, deleting a namespace deletes all that is in it, and
#   deleting a CustomResourceDefinition deletes every object of its kind. A revert brings back the
#   manifest, not the data.
# custom:
#   kind: danger
#   severity: error
#   fix: keep the object, or move and back up what it holds before it goes
#   docs: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming
package drydock.gitops.delete_stateful

import data.drydock.lib.kubernetes

losses := {
	["", "PersistentVolumeClaim"]: "where it is deleted, its volume may go with it",
	["", "PersistentVolume"]: "where it is deleted, its data may be out of reach",
	["", "Namespace"]: "where it is deleted, everything in it goes",
	["apps", "StatefulSet"]: "its pods go, and their claims with them where the retention policy says so",
	["apiextensions.k8s.io", "CustomResourceDefinition"]: "where it is deleted, every object of its kind goes",
}

deny contains sprintf("removes %s: %s", [kubernetes.label(input.old), loss]) if {
	input.operation == "DELETE"
	loss := losses[[kubernetes.group(input.old), input.old.kind]]
}
