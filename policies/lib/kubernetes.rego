# What the built-in policies need to know about Kubernetes objects. Pointers lead to where the
# author wrote something, so that a finding shows the line.
package drydock.lib.kubernetes

# The API group of an object; empty for the core group.
group(object) := split(object.apiVersion, "/")[0] if contains(object.apiVersion, "/")

group(object) := "" if {
	is_string(object.apiVersion)
	not contains(object.apiVersion, "/")
}

template_kinds := {
	["apps", "Deployment"],
	["apps", "StatefulSet"],
	["apps", "DaemonSet"],
	["apps", "ReplicaSet"],
	["batch", "Job"],
	["", "ReplicationController"],
}

# The pod specification of an object that runs pods, and the pointer to it.
pod(object) := {"pointer": "/spec/template/spec", "spec": object.spec.template.spec} if {
	[group(object), object.kind] in template_kinds
}

pod(object) := {"pointer": "/spec/jobTemplate/spec/template/spec", "spec": spec} if {
	group(object) == "batch"
	object.kind == "CronJob"
	spec := object.spec.jobTemplate.spec.template.spec
}

pod(object) := {"pointer": "/spec", "spec": object.spec} if {
	group(object) == ""
	object.kind == "Pod"
}

# Every container of an object that runs pods: `{pointer, name, container}`.
containers(object) := [found |
	this := pod(object)
	some field in ["initContainers", "containers", "ephemeralContainers"]
	some index, container in this.spec[field]
	found := {
		"pointer": sprintf("%s/%s/%d", [this.pointer, field, index]),
		"name": object_name(container),
		"container": container,
	}
]

# The name of a container, or a stand-in.
object_name(container) := container.name if is_string(container.name)

object_name(container) := "without a name" if not is_string(object.get(container, "name", null))

# How a report calls an object.
label(object) := sprintf("%s %s", [object.kind, object.metadata.name])
