"""The domain of Cloudflare dashboard SCIM: config, names, access, REST. Nothing here imports pulumi."""
