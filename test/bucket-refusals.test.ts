import { expect, test } from 'vitest';
import { startDeployed } from './support/deployed.ts';
import { writeFolder } from './support/folder.ts';
import { shopFiles, shopWarehouse } from './support/shop.ts';

/** https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes */
test.each([
  {
    status: 403,
    reason: 'retentionPolicyNotMet',
    message:
      "Object 'drift/state/lease.json' is subject to bucket's retention policy until 2026-03-09T08:17:00Z",
  },
  {
    status: 403,
    reason: 'vpcServiceControls',
    message: "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: 4ZKd9",
  },
  {
    status: 403,
    reason: 'accountDisabled',
    message: 'The billing account for the owning project is disabled in state closed',
  },
  {
    status: 400,
    reason: 'cloudKmsDisabledKey',
    message: 'The Cloud KMS key is disabled: projects/p/locations/eu',
  },
  {
    // Not a lease that another run holds, for which the answer would be 409 and nobody would hear of it.
    status: 412,
    reason: 'orgPolicyConstraintFailed',
    message: "Request violates constraint 'constraints/gcp.resourceLocations'",
  },
])('Slack and the answer have the own words of a bucket that refuses: $reason', async (refusal) => {
  const { message, reason } = refusal;
  const { call, slack, storage } = await startDeployed({
    warehouse: shopWarehouse(),
    expected: await writeFolder(shopFiles),
  });
  storage.faults.push({ operation: 'write', answer: refusal });

  const { status, body } = await call();

  const told = JSON.stringify(slack.messages);
  expect({
    status,
    answer: JSON.stringify(body).includes(`Cloud Storage says: ${message} (${reason})`),
    slack: told.includes(message),
    grant: told.includes('grant it'),
  }).toEqual({ status: 500, answer: true, slack: true, grant: false });
});
