"""As many resources and components as the program declares for Okta, flat and without a thought."""

import pulumi
import pulumi_okta as okta

for number in range(24):
    okta.group.Group(f"group-{number}", name=f"name {number}", description="text")
for number in range(10):
    pulumi.ComponentResource("a:b:C", f"component-{number}").register_outputs({})
