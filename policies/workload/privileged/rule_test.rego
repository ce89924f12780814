package drydock.workload.privileged_test

import data.drydock.workload.privileged

cron_job := {"object": {
	"apiVersion": "batch/v1",
	"kind": "CronJob",
	"metadata": {"name": "nightly"},
	"spec": {"jobTemplate": {"spec": {"template": {"spec": {
		"hostPID": true,
		"containers": [{"name": "run", "securityContext": {"privileged": true}}],
	}}}}},
}}

test_both_are_found_inside_a_cron_job if {
	count(privileged.deny) == 2 with input as cron_job
}

test_false_is_not_privileged if {
	count(privileged.deny) == 0 with input as {"object": {
		"apiVersion": "v1",
		"kind": "Pod",
		"spec": {"hostNetwork": false, "containers": [{"name": "a", "securityContext": {"privileged": false}}]},
	}}
}
