# METADATA
# title: an image does not say which version it is
# description: >-
#   Without a tag, or with the tag latest, the same manifest starts different programs on different
#   days, and a revert brings nothing back.
# custom:
#   kind: style
#   severity: error
#   fix: name a version tag, or better a digest
#   docs: https://kubernetes.io/docs/concepts/containers/images/#image-names
package drydock.supply_chain.image_tag

import data.drydock.lib.kubernetes

deny contains {
	"msg": sprintf("container %s: image %s %s", [entry.name, image, wrong]),
	"pointer": sprintf("%s/image", [entry.pointer]),
	"subject": image,
} if {
	some entry in kubernetes.containers(input.object)
	image := entry.container.image
	wrong := complaint(image)
}

complaint(image) := "has no tag" if {
	unpinned(image)
	not contains(last_part(image), ":")
}

complaint(image) := "has the tag latest" if {
	unpinned(image)
	endswith(last_part(image), ":latest")
}

# A digest says more than any tag.
unpinned(image) if {
	is_string(image)
	image != ""
	not contains(image, "@")
}

# A colon before the last slash belongs to a port.
last_part(image) := parts[count(parts) - 1] if parts := split(image, "/")
