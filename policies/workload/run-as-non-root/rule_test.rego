package drydock.workload.run_as_non_root_test

import data.drydock.workload.run_as_non_root

pod(container, security) := {"object": {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "web"},
	"spec": {"containers": [object.union({"name": "web"}, container)], "securityContext": security},
}}

test_a_container_without_settings_is_denied if {
	count(run_as_non_root.deny) == 1 with input as pod({}, {})
}

test_the_pod_speaks_for_its_containers if {
	count(run_as_non_root.deny) == 0 with input as pod({}, {"runAsNonRoot": true})
}

test_the_container_overrules_its_pod if {
	count(run_as_non_root.deny) == 1 with input as pod({"securityContext": {"runAsNonRoot": false}}, {"runAsNonRoot": true})
}

test_user_zero_is_root if {
	count(run_as_non_root.deny) == 1 with input as pod({"securityContext": {"runAsUser": 0}}, {"runAsNonRoot": true})
}
