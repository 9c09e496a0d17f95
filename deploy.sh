#!/usr/bin/env bash
# Deploys the hourly check: an identity that may read metadata only, the function, and the Scheduler job that calls it.
# A second run updates what the first one made.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: ./deploy.sh --project PROJECT [--region REGION] [--schedule CRON] [--slack-secret NAME] [--dry-run]

  --project       the project that is checked, and that the function runs in
  --region        default us-central1
  --schedule      default "17 * * * *" (UTC)
  --slack-secret  the secret with the webhook address, default drift-slack-webhook; where it does not exist, it is
                  made from SLACK_WEBHOOK_URL
  --dry-run       print each command as "+ gcloud ..." and run none; everything is taken as absent
TEXT
}

project='' region='us-central1' schedule='17 * * * *' secret='drift-slack-webhook' dry_run=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    --project | --region | --schedule | --slack-secret)
      [[ $# -ge 2 ]] || { echo "deploy.sh: $1 needs a value" >&2; exit 64; }
      case "$1" in
        --project) project=$2 ;;
        --region) region=$2 ;;
        --schedule) schedule=$2 ;;
        --slack-secret) secret=$2 ;;
      esac
      shift 2
      ;;
    --dry-run) dry_run=true; shift ;;
    --help) usage; exit 0 ;;
    *) echo "deploy.sh: unknown option $1" >&2; usage >&2; exit 64 ;;
  esac
done
[[ -n "$project" ]] || { usage >&2; exit 64; }
cd "$(dirname "$0")"

readonly name='bigquery-drift'
readonly role='bigqueryDriftReader'
readonly runtime="drift-runtime@${project}.iam.gserviceaccount.com"
readonly scheduler="drift-scheduler@${project}.iam.gserviceaccount.com"
# Exactly what the four reads need; no data, no jobs, no writes.
readonly permissions='bigquery.datasets.get,bigquery.tables.get,bigquery.tables.list'

trap 'echo "deploy.sh: stopped at: ${step:-the start}. Mend what gcloud says above and run the same command again: it goes on from there." >&2' ERR

say() { step=$1; echo "== $1"; }
run() {
  if "$dry_run"; then
    printf '+'; printf ' %q' "$@"; echo
  else
    "$@"
  fi
}
# Whether something is there already; in a dry run nothing is.
exists() { ! "$dry_run" && "$@" >/dev/null 2>&1; }

say 'Enable the APIs'
run gcloud services enable run.googleapis.com cloudfunctions.googleapis.com cloudbuild.googleapis.com \
  artifactregistry.googleapis.com cloudscheduler.googleapis.com bigquery.googleapis.com monitoring.googleapis.com \
  logging.googleapis.com secretmanager.googleapis.com iam.googleapis.com --project="$project"

say 'Service accounts'
for account in runtime scheduler; do
  email=${!account}
  exists gcloud iam service-accounts describe "$email" --project="$project" \
    || run gcloud iam service-accounts create "drift-$account" --display-name="BigQuery drift monitor, $account" --project="$project"
done

say 'What the function may do: read metadata of the project, write metrics'
if exists gcloud iam roles describe "$role" --project="$project"; then
  run gcloud iam roles update "$role" --project="$project" --permissions="$permissions" --quiet
else
  run gcloud iam roles create "$role" --project="$project" --title='BigQuery drift reader' --permissions="$permissions" --stage=GA --quiet
fi
for granted in "projects/$project/roles/$role" roles/monitoring.metricWriter; do
  run gcloud projects add-iam-policy-binding "$project" --member="serviceAccount:$runtime" --role="$granted" --condition=None --quiet
done

say 'The Slack address, in Secret Manager'
if ! exists gcloud secrets describe "$secret" --project="$project"; then
  if ! "$dry_run" && [[ -z "${SLACK_WEBHOOK_URL:-}" ]]; then
    echo "deploy.sh: the secret $secret does not exist: set SLACK_WEBHOOK_URL, or name another with --slack-secret" >&2
    exit 64
  fi
  # Through standard input: a command line can be read by others on the machine.
  if "$dry_run"; then
    run gcloud secrets create "$secret" --replication-policy=automatic --data-file=- --project="$project"
  else
    printf '%s' "$SLACK_WEBHOOK_URL" | gcloud secrets create "$secret" --replication-policy=automatic --data-file=- --project="$project"
  fi
fi
run gcloud secrets add-iam-policy-binding "$secret" --member="serviceAccount:$runtime" --role=roles/secretmanager.secretAccessor --project="$project"

say 'Check the expected files and compile'
if ! "$dry_run"; then
  npm run --silent drift -- validate
  npm run --silent build
fi

say 'The function'
run gcloud functions deploy "$name" --gen2 --project="$project" --region="$region" --runtime=nodejs24 --source=. \
  --entry-point=checkDrift --trigger-http --no-allow-unauthenticated --service-account="$runtime" \
  --set-env-vars="GCP_PROJECT_ID=$project,NODE_OPTIONS=--enable-source-maps" --set-secrets="SLACK_WEBHOOK_URL=$secret:latest" \
  --memory=512Mi --cpu=1 --timeout=1800s --max-instances=1 --concurrency=1 --quiet

say 'Who may call it: the Scheduler alone'
run gcloud run services add-iam-policy-binding "$name" --project="$project" --region="$region" \
  --member="serviceAccount:$scheduler" --role=roles/run.invoker --quiet

say 'The hourly job'
url='https://SERVICE-URL.run.app'
"$dry_run" || url=$(gcloud functions describe "$name" --gen2 --project="$project" --region="$region" --format='value(serviceConfig.uri)')
verb=create
exists gcloud scheduler jobs describe "$name" --project="$project" --location="$region" && verb=update
run gcloud scheduler jobs "$verb" http "$name" --project="$project" --location="$region" --schedule="$schedule" --time-zone=Etc/UTC \
  --uri="$url" --http-method=POST --oidc-service-account-email="$scheduler" --oidc-token-audience="$url" \
  --attempt-deadline=30m --max-retry-attempts=3 --min-backoff=60s

say 'Done'
echo "Run it once now:  gcloud scheduler jobs run $name --project=$project --location=$region"
