# The image that staging runs. The action update-tfvar writes both values, in a pull request; people merge it.
keycloak_image_tag    = ""
keycloak_image_digest = ""
