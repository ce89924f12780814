package drydock.supply_chain.image_tag_test

import data.drydock.supply_chain.image_tag

found(image) := result if result := image_tag.deny with input as {"object": {
	"apiVersion": "v1",
	"kind": "Pod",
	"spec": {"containers": [{"name": "web", "image": image}]},
}}

test_a_port_is_no_tag if count(found("registry:5000/web")) == 1

test_a_version_is_a_tag if count(found("registry:5000/web:1.2")) == 0

test_latest_says_nothing if count(found("web:latest")) == 1

test_a_digest_is_enough if count(found("web@sha256:0000")) == 0

test_what_is_no_text_is_left_to_the_schema if count(found(3)) == 0
