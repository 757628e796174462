"""The domain of Cloudflare dashboard SCIM: config, names, access, REST. No pulumi."""
