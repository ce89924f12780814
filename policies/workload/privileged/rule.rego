# METADATA
# title: a pod can take over its node
# description: >-
#   A privileged container, or one that shares the node's network, processes or memory, is not held
#   by the container's walls.
# custom:
#   kind: danger
#   severity: error
#   fix: remove the setting, or grant the single capability that is needed
#   docs: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
package drydock.workload.privileged

import data.drydock.lib.kubernetes

deny contains {
	"msg": sprintf("container %s is privileged", [entry.name]),
	"pointer": sprintf("%s/securityContext/privileged", [entry.pointer]),
	"subject": entry.name,
} if {
	some entry in kubernetes.containers(input.object)
	entry.container.securityContext.privileged == true
}

deny contains {
	"msg": sprintf("%s shares the node's %s", [kubernetes.label(input.object), shared]),
	"pointer": sprintf("%s/%s", [pod.pointer, field]),
	"fix": sprintf("remove %s", [field]),
} if {
	pod := kubernetes.pod(input.object)
	some field, shared in {"hostNetwork": "network", "hostPID": "processes", "hostIPC": "memory"}
	pod.spec[field] == true
}
