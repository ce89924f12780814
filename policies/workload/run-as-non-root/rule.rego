# METADATA
# title: a container may run as root
# description: >-
#   A process that runs as root in a container is root on the node as soon as it leaves the
#   container. Kubernetes refuses to start it when runAsNonRoot is true.
# custom:
#   kind: style
#   severity: error
#   fix: set securityContext.runAsNonRoot to true, or runAsUser to a number other than 0
#   docs: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
package drydock.workload.run_as_non_root

import data.drydock.lib.kubernetes

deny contains {
	"msg": sprintf("container %s may run as root", [entry.name]),
	"pointer": sprintf("%s/securityContext", [entry.pointer]),
	"subject": entry.name,
} if {
	pod := kubernetes.pod(input.object)
	not windows(pod.spec)
	some entry in kubernetes.containers(input.object)
	may_be_root(pod.spec, entry.container)
}

windows(spec) if spec.os.name == "windows"

# The container's own setting counts before the pod's.
setting(spec, container, name) := container.securityContext[name]

setting(spec, container, name) := spec.securityContext[name] if {
	object.get(container, ["securityContext", name], null) == null
}

may_be_root(spec, container) if {
	not setting(spec, container, "runAsNonRoot")
	not ordinary_user(spec, container)
}

may_be_root(spec, container) if setting(spec, container, "runAsUser") == 0

ordinary_user(spec, container) if setting(spec, container, "runAsUser") > 0
