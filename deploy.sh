#!/usr/bin/env bash
# Deploys the hourly check, with all that belongs to it, into one project; or takes it down again. A second run updates what
# the first one made. README, "In production", says what is made and what it costs.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: ./deploy.sh --project PROJECT [--region REGION] [--schedule CRON] [--slack-secret NAME] [--notify EMAIL]
                   [--readers GROUP] [--expected DIR] [--bucket NAME] [--role-suffix TEXT] [--change VARIABLE]... [--dry-run]
       ./deploy.sh --project PROJECT --files-only [--expected DIR] [--bucket NAME] [--dry-run]
       ./deploy.sh --project PROJECT --destroy [--with-data] [--region REGION] [--bucket NAME] [--slack-secret NAME]
                   [--role-suffix TEXT] [--yes] [--dry-run]

  --project       the project that is checked, and that the function runs in
  --region        of the function and the bucket, default us-central1
  --schedule      default what it is, and at first "17 * * * *" (UTC); the alerts expect one run an hour
  --slack-secret  the secret with the webhook's address, default drift-slack-webhook; where it does not exist, it is made
                  from SLACK_WEBHOOK_URL, or from what you type
  --notify        the mail address that hears of the alerts; default: nobody, or whoever was added since
  --readers       the group that may open the report pages
  --expected      the folder of expected files (else EXPECTED_SCHEMAS, else expected-schemas, which at first is a sample and is
                  refused); DRIFT_POLICY: with another policy
  --bucket        for the state and the expected files, default PROJECT-bigquery-drift; one that is there and was not made by
                  deploy.sh is refused, and so is such a secret
  --change        take away, or change, this variable of the function that runs, such as HTTPS_PROXY set by hand; without it a
                  deployment that would do so stops and names each
  --role-suffix   at the end of the custom roles' names, where these are taken

  --files-only    check the expected files and upload them, and remove from the bucket those that the folder no longer has;
                  the next run reads them. A deployment uploads only where none are
  --destroy       take away what was made, after asking; the bucket and the secret stay
  --with-data     ... these as well, where deploy.sh made them; of the bucket what lies under state/ and expected-schemas/, and the
                  bucket itself where nothing else is in it
  --yes           do not ask
  --dry-run       print each command as "+ gcloud ..." and run none; everything is taken as absent (--destroy: as there)

Passed on to the function where they are set: DATASET_ALIASES CONFIRM_SECONDS DEADLINE_SECONDS METRIC_LOCATION
REQUESTS_PER_SECOND MAX_CONCURRENCY REPORT_LINK SHARD
SHARD=2/4 is a function, a job and an account of its own, bigquery-drift-2-of-4; all else is shared. --destroy takes that one
TEXT
}

# --- what was asked for ---------------------------------------------------------------------------------------------

misused() {
  echo "deploy.sh: $1" >&2
  exit 64
}

readonly default_secret='drift-slack-webhook'
project='' region='us-central1' schedule='' secret=$default_secret notify='' readers='' bucket='' suffix=''
changes=()
expected=${EXPECTED_SCHEMAS:-}
mode=deploy dry_run=false with_data=false yes=false
choose() {
  [[ "$mode" == deploy || "$mode" == "$1" ]] || misused '--files-only and --destroy exclude each other'
  mode=$1
}
while [[ $# -gt 0 ]]; do
  case "$1" in
    --project | --region | --schedule | --slack-secret | --notify | --readers | --expected | --bucket | --role-suffix | --change)
      [[ $# -ge 2 && -n "$2" ]] || misused "$1 needs a value"
      case "$1" in
        --project) project=$2 ;;
        --region) region=$2 ;;
        --schedule) schedule=$2 ;;
        --slack-secret) secret=$2 ;;
        --notify) notify=$2 ;;
        --readers) readers=$2 ;;
        --expected) expected=$2 ;;
        --bucket) bucket=$2 ;;
        --role-suffix) suffix=$2 ;;
        --change) changes+=("$2") ;;
      esac
      shift 2
      ;;
    --files-only) choose files; shift ;;
    --destroy) choose destroy; shift ;;
    --with-data) with_data=true; shift ;;
    --yes) yes=true; shift ;;
    --dry-run) dry_run=true; shift ;;
    --help) usage; exit 0 ;;
    *) usage >&2; misused "unknown option $1" ;;
  esac
done
[[ -n "$project" ]] || { usage >&2; exit 64; }
expect() {
  [[ "$2" =~ $3 ]] || misused "--$1: expected $4, found '$2'"
}
expect project "$project" '^[a-z][a-z0-9-]{4,28}[a-z0-9]$' 'a project id'
expect region "$region" '^[a-z]+-[a-z]+[0-9]+$' 'a region such as us-central1'
expect schedule "$schedule" '^([-0-9A-Za-z*,/]+( +[-0-9A-Za-z*,/]+){4})?$' 'five fields such as "17 * * * *"'
expect slack-secret "$secret" '^[A-Za-z0-9_-]+$' 'the name of a secret'
expect notify "$notify" '^([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+)?$' 'a mail address'
expect readers "$readers" '^([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+)?$' "a group's address"
expect bucket "$bucket" '^([a-z0-9][a-z0-9._-]+)?$' 'the name of a bucket'
expect role-suffix "$suffix" '^[A-Za-z0-9_.]*$' 'letters and digits'
[[ "$expected" != gs://* ]] || misused "--expected: expected a folder, found '$expected'"
[[ "$with_data" == false || "$mode" == destroy ]] || misused '--with-data belongs to --destroy'
[[ ${#changes[@]} -eq 0 || "$mode" == deploy ]] || misused '--change belongs to a deployment'
shard=${SHARD:-}
of_how_many='^([1-9][0-9]?)/([1-9][0-9]?)$'
if [[ -n "$shard" ]]; then
  [[ "$shard" =~ $of_how_many && "${BASH_REMATCH[1]}" -le "${BASH_REMATCH[2]}" ]] \
    || misused "SHARD: expected 1/4 for the first of four, at most 99, found '$shard'"
  [[ "$with_data" == false ]] || misused '--with-data takes what all shards share: give it without SHARD'
fi

# The address is a secret: no child process inherits it, and no command line shows it.
slack_url=${SLACK_WEBHOOK_URL:-}
unset SLACK_WEBHOOK_URL
expect_url() {
  [[ -z "$slack_url" || "$slack_url" == https://* ]] \
    || misused "$1: expected an address that begins with https:// (its value is not shown)"
}
expect_url SLACK_WEBHOOK_URL
# As they are named from where this file is.
policy=${DRIFT_POLICY:-}
[[ -z "$policy" || "$policy" == /* ]] || policy=$PWD/$policy
[[ -z "$expected" || "$expected" == /* ]] || expected=$PWD/$expected
cd "$(dirname "$0")"
expected=${expected:-expected-schemas}
expected=${expected#"$PWD/"} policy=${policy#"$PWD/"}
[[ "$mode" == destroy || -d "$expected" ]] || misused "--expected: no such folder: $expected"
unset EXPECTED_SCHEMAS DRIFT_POLICY
# A prompt would wait for ever where nobody sees it.
export CLOUDSDK_CORE_DISABLE_PROMPTS=1

# A shard has what must not be another's: the function, the job, and the account, since Google counts quotas by account.
readonly own=${shard:+-${shard/\//-of-}}
readonly monitor='bigquery-drift'
readonly name="$monitor$own"
readonly entry_point='checkDrift'
readonly default_bucket="$project-bigquery-drift"
bucket=${bucket:-$default_bucket}
readonly runtime="drift-runtime$own@$project.iam.gserviceaccount.com"
readonly scheduler="drift-scheduler@$project.iam.gserviceaccount.com"
readonly builder="drift-build@$project.iam.gserviceaccount.com"
# Exactly what the four reads of metadata need, and no data, no jobs, no writes.
readonly reader_role="bigqueryDriftReader$suffix"
readonly reader_permissions='bigquery.datasets.get,bigquery.tables.get,bigquery.tables.list'
# Reading, creating and replacing objects; to replace is to create and to delete:
# https://cloud.google.com/storage/docs/json_api/v1/objects/insert
readonly state_role="bigqueryDriftState$suffix"
readonly state_permissions='storage.objects.create,storage.objects.delete,storage.objects.get,storage.objects.list'
# https://cloud.google.com/functions/docs/securing/build-custom-sa
readonly builder_roles='roles/artifactregistry.writer roles/logging.logWriter roles/storage.objectViewer'
# What deploy.sh makes bears this label. What it made before it wrote labels is known by the names that it gives by itself.
readonly mark='bigquery-drift=managed' mark_column='value(labels.bigquery-drift)' marked='managed'
readonly mark_bucket="gcloud storage buckets update gs://$bucket --update-labels=$mark"
readonly mark_secret="gcloud secrets update $secret --update-labels=$mark --project=$project"
readonly prefixes='state expected-schemas'
readonly alerts='critical-findings failing-runs silent-monitor unchecked-tables'
readonly passed_on='DATASET_ALIASES CONFIRM_SECONDS DEADLINE_SECONDS METRIC_LOCATION REQUESTS_PER_SECOND MAX_CONCURRENCY REPORT_LINK SHARD'

# --- how commands are run -------------------------------------------------------------------------------------------

readonly upload='Upload the expected files'
files_only="./deploy.sh --project $project --files-only"
[[ "$bucket" == "$default_bucket" ]] || files_only+=" --bucket $bucket"
# At first the folder of this name is a sample.
is_sample=false
if [[ -e "$expected/THIS-IS-A-SAMPLE.md" ]]; then is_sample=true; fi
if [[ "$is_sample" == true ]]; then files_only+=' --expected FOLDER'; elif [[ "$expected" != expected-schemas ]]; then files_only+=" --expected $expected"; fi
readonly newline=$'\n'
step='the start'
# A bucket is made first and marked then.
unmarked=false
scratch=$(mktemp -d)
finish() {
  local status=$?
  rm -rf "$scratch"
  [[ "$unmarked" == false ]] || echo "deploy.sh: gs://$bucket was made and is not marked yet; mark it: $mark_bucket" >&2
  [[ $status -eq 0 || $status -eq 64 ]] || echo "deploy.sh: stopped at: $step" >&2
  # What is there is kept by the next run, all of it or not.
  [[ $status -eq 0 || "$step" != "$upload" ]] || echo "deploy.sh: not all of the expected files may be there: $files_only" >&2
}
trap finish EXIT

say() {
  step=$1
  echo "== $1"
}

# As the shell reads it back; $(gcloud ...) stays for the shell to fill in.
quoted() {
  case "$1" in
    --*=*) printf '%s=' "${1%%=*}"; quoted "${1#*=}" ;;
    *\$\(gcloud*) printf '"%s"' "$1" ;;
    '' | *[!A-Za-z0-9_./:=@,+-]*) printf "'%s'" "${1//\'/\'\\\'\'}" ;;
    *) printf '%s' "$1" ;;
  esac
}

show() {
  local word
  printf '+'
  for word in "$@"; do
    printf ' '
    quoted "$word"
  done
  echo
}

# Whether this run has enabled the APIs, and whether one of them was off when it was asked before.
enabled=false off=false

# How many seconds it may take until what gcloud complains of is so: Google says that new identities are known everywhere
# after about 2 minutes, and changed policies after up to 10. Anything else will not mend itself.
patience() {
  case "$1" in
    *"Service account"*"does not exist"*) echo 120 ;;
    *"ole"*"does not exist in the resource's hierarchy"*) echo 120 ;;
    *"Permission denied on secret"*) echo 600 ;;
    *"You must grant Storage Object Viewer permission"*) echo 600 ;;
    *"artifactregistry.repositories."*" denied"*) echo 600 ;;
    # The first build of a project makes the repository of images, and may be ahead of it.
    *"Unable to retrieve the repository metadata"*) echo 600 ;;
    *"enabled this API recently"*) if [[ "$enabled" == true ]]; then echo 600; else echo 0; fi ;;
    *) echo 0 ;;
  esac
}

# What to do about it, where gcloud's own words do not say.
advice() {
  case "$1" in
    *"enabled this API recently"* | *"SERVICE_DISABLED"*) echo 'The API is not enabled: enable it as is said above.' ;;
    *"SSL"* | *"getaddrinfo"* | *"onnection"*) echo 'Is there a connection?' ;;
    *"illing"*) echo "Link the project to a billing account: gcloud billing projects link $project --billing-account=..." ;;
    *"quota project"* | *"default credentials"*) echo 'Sign in for the tools as well: gcloud auth application-default login' ;;
    *"deleted state"* | *"annot undelete"*)
      echo 'The name of a custom role stays taken for weeks after it was deleted: use another with --role-suffix 2.' ;;
    *"name is not available"* | *"HTTPError 409"*) echo 'The bucket belongs to somebody else: choose another name with --bucket.' ;;
    *"does not have storage.objects.list access"*)
      echo 'Your account may not look into the bucket; where it is somebody else'"'"'s, choose another name with --bucket.' ;;
    *PERMISSION_DENIED* | *"does not have"* | *"ermission"*"denied"*)
      echo 'Your account lacks a permission: README, "In production", lists the roles that a deployment needs.' ;;
    *"nvalid choice"* | *"unrecognized arguments"*) echo 'Update gcloud: gcloud components update' ;;
    *) echo 'Mend what is said above.' ;;
  esac
}

stop() {
  echo "deploy.sh: $1 Then run the same command again: it goes on from here." >&2
  exit "${2:-1}"
}

refused() {
  echo "deploy.sh: $1" >&2
  exit 1
}

# What the next command reads from its standard input.
input=''
out='' err=''
# Runs a command, again and again while Google spreads what was just made. Its output is in $out, its complaints in $err.
attempt() {
  local waited=0 limit status
  while :; do
    status=0
    { printf '%s' "$input" | "$@" 2>&1 >"$scratch/out" | tee "$scratch/err" >&4; } || status=$?
    out=$(<"$scratch/out") err=$(<"$scratch/err")
    [[ $status -ne 0 ]] || return 0
    limit=$(patience "$err")
    [[ $waited -lt $limit ]] || return "$status"
    echo "   not everywhere yet: trying again in 20 s, for $((limit - waited)) s at most"
    sleep 20
    waited=$((waited + 20))
  done
}

# Prints a command, and runs it unless this is a dry run.
run() {
  local status=0
  show "$@"
  [[ "$dry_run" == false ]] || return 0
  exec 4>&2
  attempt "$@" || status=$?
  # gcloud prints whole policies; what npm runs has something to say.
  [[ "$1" != npm || -z "$out" ]] || echo "$out"
  [[ $status -eq 0 ]] || stop "$(advice "$err")" "$status"
}

# Asks something that changes nothing; the answer is in $out.
ask() {
  local status=0
  exec 4>/dev/null
  attempt "$@" || status=$?
  [[ $status -eq 0 ]] || { echo "$err" >&2; stop "$(advice "$err")" "$status"; }
}

# Whether something is there. A dry run takes nothing as there, and before it destroys everything. Only what says that it is
# absent is absent: with anything else the answer is not known.
found() {
  [[ "$dry_run" == false ]] || { [[ "$mode" == destroy ]]; return; }
  exec 4>/dev/null
  if attempt "$@"; then return 0; fi
  case "$err" in
    # Who may not know whether an account exists is told this; creating it will tell.
    *NOT_FOUND* | *"not found"* | *"does not exist"* | *"not exist)"* | *"status=[404]"* | *"HTTPError 404"* | *"matched no objects"*) return 1 ;;
    # Of an API that was never enabled there is nothing; a deployment asks again once it is.
    *"enabled this API recently"* | *SERVICE_DISABLED*)
      if [[ "$mode" == deploy && "$enabled" == false ]]; then
        off=true
        return 1
      fi
      ;;
  esac
  echo "$err" >&2
  stop "$(advice "$err")"
}

# Whether a list has something: one of its lines is exactly that.
listed() {
  local line=$1
  shift
  [[ "$dry_run" == false ]] || { [[ "$mode" == destroy ]]; return; }
  ask "$@"
  [[ "$newline$out$newline" == *"$newline$line$newline"* ]]
}

# --- the steps ------------------------------------------------------------------------------------------------------

# Whether the bucket has expected files: CI may have merged some since this clone was made, so a deployment keeps them.
keeps_files=false
look_for_files() {
  [[ "$mode" == deploy && "$dry_run" == false ]] || return 0
  if found gcloud storage ls "gs://$bucket/expected-schemas/" --project="$project"; then keeps_files=true; fi
}

# The sample tells of a project that is not theirs who deploy it: all of its tables would be missing.
refuse_sample() {
  [[ "$is_sample" == true && "$keeps_files" == false ]] || return 0
  local says="$expected is the sample: npm run --silent drift -- pull --project $project --out my-schemas, then --expected my-schemas"
  [[ "$dry_run" == false ]] || { echo "   $says"; return 0; }
  misused "$says"
}

check_files() {
  say 'Check the expected files'
  [[ "$dry_run" == false && -d node_modules && ! package-lock.json -nt node_modules/.package-lock.json ]] || run npm ci
  # Where it was not refused, nothing of it is deployed.
  [[ "$is_sample" == true && "$keeps_files" == true ]] \
    || run npm run --silent drift -- validate --expected "$expected" ${policy:+--policy "$policy"}
}

upload_files() {
  say "$upload"
  if [[ "$keeps_files" == true ]]; then
    echo "   kept; $files_only uploads those of the folder"
    return
  fi
  # Files of a fresh clone are all new by their time, so contents are compared. Nothing outside of this prefix is touched.
  run gcloud storage rsync "$expected" "gs://$bucket/expected-schemas" --recursive --checksums-only \
    --delete-unmatched-destination-objects --exclude='.*(?<!\.json)$'"${policy:+,drift-policy\\.json}" --project="$project"
  [[ -z "$policy" ]] || run gcloud storage cp "$policy" "gs://$bucket/expected-schemas/drift-policy.json" --project="$project"
}

check_tools() {
  [[ "$dry_run" == false ]] || return 0
  step='the tools'
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || stop "There is no $tool on this machine: install it."
  done
  ask gcloud auth list --filter=status:ACTIVE --format='value(account)'
  [[ -n "$out" ]] || stop 'Nobody is signed in: gcloud auth login'
}

# For drift setup, which is no gcloud command: better known now than when half is made.
check_credentials() {
  [[ "$dry_run" == false ]] || return 0
  step='the credentials'
  gcloud auth application-default print-access-token >/dev/null 2>&1 \
    || stop 'There are no credentials for tools: gcloud auth application-default login.'
}

make_secret() {
  say "The Slack webhook's address, in Secret Manager"
  local words=(secrets create "$secret" --replication-policy=automatic --labels="$mark")
  if found gcloud secrets describe "$secret" --project="$project"; then
    if found gcloud secrets versions describe latest --secret="$secret" --project="$project"; then
      [[ -z "$slack_url" ]] || echo "   $secret exists and is kept; README says how to rotate it"
      return
    fi
    words=(secrets versions add "$secret")
  fi
  [[ "$dry_run" == true || -n "$slack_url" ]] || ask_slack_url
  input=$slack_url
  run gcloud "${words[@]}" --data-file=- --project="$project"
  input=''
}

ask_slack_url() {
  [[ -t 0 ]] || misused "the secret $secret does not exist: set SLACK_WEBHOOK_URL, or name another with --slack-secret"
  read -rsp '   Address of the Slack webhook (is not shown): ' slack_url
  echo
  [[ -n "$slack_url" ]] || misused 'nothing was typed'
  expect_url 'what was typed'
}

make_account() {
  found gcloud iam service-accounts describe "$1@$project.iam.gserviceaccount.com" --project="$project" \
    || run gcloud iam service-accounts create "$1" --display-name="BigQuery drift monitor: $2" --project="$project"
}

make_role() {
  local role=$1 title=$2 permissions=$3
  if ! found gcloud iam roles describe "$role" --project="$project" --format='value(deleted)'; then
    run gcloud iam roles create "$role" --title="$title" --permissions="$permissions" --stage=GA --project="$project"
    return
  fi
  # A deleted role can be had back for 7 days, and its name cannot be taken meanwhile.
  [[ "$out" != [Tt]rue ]] || run gcloud iam roles undelete "$role" --project="$project"
  run gcloud iam roles update "$role" --title="$title" --permissions="$permissions" --stage=GA --project="$project"
}

grant_on_project() {
  run gcloud projects add-iam-policy-binding "$project" --member="serviceAccount:$1" --role="$2" --condition=None
}

make_identities() {
  say 'Who it is: one account that checks, one that calls, one that builds'
  make_account "drift-runtime$own" 'reads metadata'
  make_account drift-scheduler 'calls the function'
  make_account drift-build 'builds the function'

  say 'What the function may do: read the metadata of the project, write metrics, read one secret'
  make_role "$reader_role" 'BigQuery drift: read metadata' "$reader_permissions"
  make_role "$state_role" 'BigQuery drift: keep the state' "$state_permissions"
  # On the project, not on datasets: a grant that goes with a dropped dataset would make the drop look like lost access.
  grant_on_project "$runtime" "projects/$project/roles/$reader_role"
  grant_on_project "$runtime" roles/monitoring.metricWriter
  run gcloud secrets add-iam-policy-binding "$secret" --member="serviceAccount:$runtime" \
    --role=roles/secretmanager.secretAccessor --condition=None --project="$project"

  say 'What the build may do'
  local role
  for role in $builder_roles; do grant_on_project "$builder" "$role"; done
}

make_bucket() {
  say 'The bucket of the state and the expected files'
  # Names of buckets are everybody's: one that is there but not in this project is somebody else's.
  if ! listed "$bucket" gcloud storage buckets list --format='value(name)' --project="$project"; then
    run gcloud storage buckets create "gs://$bucket" --location="$region" --uniform-bucket-level-access \
      --public-access-prevention --project="$project"
    [[ "$dry_run" == true || "$bucket" == "$default_bucket" ]] || unmarked=true
  fi
  run gcloud storage buckets update "gs://$bucket" --uniform-bucket-level-access --public-access-prevention --versioning \
    --lifecycle-file=ops/bucket-lifecycle.json --update-labels="$mark" --project="$project"
  unmarked=false
  run gcloud storage buckets add-iam-policy-binding "gs://$bucket" --member="serviceAccount:$runtime" \
    --role="projects/$project/roles/$state_role" --condition=None --project="$project"
  [[ -n "$readers" ]] || return 0
  local pages="resource.name.startsWith(\"projects/_/buckets/$bucket/objects/state/\")"
  run gcloud storage buckets add-iam-policy-binding "gs://$bucket" --member="group:$readers" \
    --role=roles/storage.objectViewer --condition="expression=$pages,title=drift-report-pages" --project="$project"
}

# Every function of this monitor, in every region: lines projects/PROJECT/locations/REGION/functions/NAME, in $out.
list_functions() {
  ask gcloud functions list --v2 --filter="name~/functions/$monitor" --format='value(name)' --project="$project"
}

# Where the function is in another region, it would go on there: as a second one, or without its alerts.
refuse_elsewhere() {
  [[ "$dry_run" == false ]] || return 0
  step='the region'
  list_functions
  local where which here=false elsewhere=''
  while IFS=/ read -r _ _ _ where _ which; do
    if [[ "$which" != "$name" ]]; then continue; fi
    if [[ "$where" == "$region" ]]; then here=true; else elsewhere=$where; fi
  done <<<"$out"
  [[ -n "$elsewhere" ]] || return 0
  [[ "$here" == true ]] || stop "The function is in $elsewhere: add --region $elsewhere."
  echo "gcloud scheduler jobs delete $name --location=$elsewhere --project=$project" >&2
  echo "gcloud functions delete $name --gen2 --region=$elsewhere --project=$project" >&2
  stop "There is another function in $elsewhere: take it and its job away, with these two commands."
}

# Whether the bucket that was named is there without the mark. Who only uploads may not see labels, and then nothing is known.
is_bucket_foreign() {
  [[ "$bucket" != "$default_bucket" ]] || return 1
  local words=(gcloud storage buckets describe "gs://$bucket" --format="$mark_column" --project="$project")
  exec 4>/dev/null
  if [[ "$mode" == files ]]; then attempt "${words[@]}" || return 1; else found "${words[@]}" || return 1; fi
  [[ "$out" != "$marked" ]]
}

is_secret_foreign() {
  [[ "$secret" != "$default_secret" ]] || return 1
  found gcloud secrets describe "$secret" --format="$mark_column" --project="$project" || return 1
  [[ "$out" != "$marked" ]]
}

# A bucket or a secret of somebody else would be changed, and with --with-data deleted: its lifecycle, its access, its content.
refuse_foreign() {
  [[ "$dry_run" == false ]] || return 0
  step='whose the bucket and the secret are'
  local foreign='' marks=''
  if is_bucket_foreign; then foreign+=" gs://$bucket (--bucket)" marks+="$newline$mark_bucket"; fi
  if [[ "$mode" != files ]] && is_secret_foreign; then foreign+=" $secret (--slack-secret)" marks+="$newline$mark_secret"; fi
  [[ -n "$foreign" ]] || return 0
  local instead='Name one that does not exist: it is made.'
  [[ "$mode" != destroy ]] || instead='Leave --with-data out: it stays.'
  echo "deploy.sh: not made by deploy.sh, or by a version that wrote no label:$foreign. $instead" >&2
  echo "Only where it is this monitor's alone, say so with this command:$marks" >&2
  refused 'Nothing was changed.'
}

# What is passed on to the function, as --set NAME=VALUE.
settings=()
read_settings() {
  local variable
  for variable in $passed_on; do
    [[ -z "${!variable:-}" ]] || settings+=(--set "$variable=${!variable}")
  done
}

# What this deployment would silently take away from the function, or exchange: it would check other tables than before, tell
# everything anew, tell it to others, or reach nothing any more.
refuse_to_change() {
  [[ "$dry_run" == false ]] || return 0
  step='the variables of the function that runs'
  found gcloud functions describe "$name" --gen2 --region="$region" --project="$project" --format='json(buildConfig.entryPoint,serviceConfig.environmentVariables,serviceConfig.secretEnvironmentVariables,serviceConfig.secretVolumes)' || return 0
  local each reason allowed=() advice='' reads='"key": "SLACK_WEBHOOK_URL",[^}]*"secret": "([^"]*)"' state='"STATE_URI": "gs://([^"]*)/state"' entry='"entryPoint": "([^"]*)"'
  [[ ! "$out" =~ $entry || "${BASH_REMATCH[1]}" == "$entry_point" ]] \
    || refused "The function $name is not of this monitor: its entry point is ${BASH_REMATCH[1]}. Nothing was changed."
  [[ ! "$out" =~ $state || "${BASH_REMATCH[1]}" == "$bucket" ]] \
    || stop "The function keeps its state in the bucket ${BASH_REMATCH[1]}: add --bucket ${BASH_REMATCH[1]} (for another one, --destroy first)."
  [[ ! "$out" =~ $reads || "${BASH_REMATCH[1]}" == "$secret" ]] \
    || stop "The function reads the secret ${BASH_REMATCH[1]}: add --slack-secret ${BASH_REMATCH[1]} (for another one, --destroy first)."
  for each in ${changes[@]+"${changes[@]}"}; do allowed+=(--change "$each"); done
  input=$out
  ask npm run --silent variables -- --project "$project" --bucket "$bucket" --secret "$secret" \
    ${settings[@]+"${settings[@]}"} ${allowed[@]+"${allowed[@]}"}
  input=''
  [[ -n "$out" ]] || return 0
  echo "deploy.sh: of the function that runs, $name:" >&2
  while read -r each reason; do
    echo "  $each $reason" >&2
    advice+=" --change $each"
  done <<<"$out"
  refused "Nothing was changed. Set what is passed on (--help) to what the function has, or let each be changed:$advice"
}

write_deployment() {
  say 'What this project is told: variables, dashboard, alerts'
  local etag='' further=() alert condition
  # A dashboard can only be replaced by who knows which version is there.
  if found gcloud monitoring dashboards describe "$monitor" --project="$project" --format='value(etag)'; then etag=$out; fi
  [[ -z "$etag" ]] || further+=(--etag "$etag")
  for alert in $alerts; do
    [[ "$dry_run" == false ]] || continue
    find_alert "$alert"
    IFS='|' read -r _ _ _ condition <<<"${out%%"$newline"*}"
    [[ -z "$condition" ]] || further+=(--condition "$alert=$condition")
  done
  run npm run --silent deployment -- --project "$project" --region "$region" --bucket "$bucket" \
    ${settings[@]+"${settings[@]}"} ${further[@]+"${further[@]}"}
}

make_function() {
  say 'The function'
  run gcloud functions deploy "$name" --gen2 --runtime=nodejs24 --source=build --entry-point="$entry_point" --trigger-http \
    --no-allow-unauthenticated --service-account="$runtime" \
    --build-service-account="projects/$project/serviceAccounts/$builder" --env-vars-file=deployment/env.yaml \
    --set-secrets="SLACK_WEBHOOK_URL=$secret:latest" --memory=512Mi --cpu=1 --timeout=1800s --max-instances=1 \
    --concurrency=1 --region="$region" --project="$project"

  say 'Who may call it: the Scheduler alone'
  run gcloud run services add-iam-policy-binding "$name" --member="serviceAccount:$scheduler" --role=roles/run.invoker \
    --condition=None --region="$region" --project="$project"
}

make_job() {
  say 'The hourly job'
  local verb=create url when=${schedule:-17 * * * *}
  url="https://\$(gcloud functions describe $name --gen2 --region=$region --project=$project --format='value(serviceConfig.uri.basename())')"
  if [[ "$dry_run" == false ]]; then
    ask gcloud functions describe "$name" --gen2 --region="$region" --project="$project" --format='value(serviceConfig.uri)'
    url=$out
  fi
  if found gcloud scheduler jobs describe "$name" --location="$region" --project="$project" --format='value(schedule)'; then
    verb=update when=${schedule:-$out}
  fi
  # The Scheduler waits 30 minutes at most.
  run gcloud scheduler jobs "$verb" http "$name" --schedule="$when" --time-zone=Etc/UTC --uri="$url" --http-method=POST \
    --oidc-service-account-email="$scheduler" --oidc-token-audience="$url" --attempt-deadline=30m --max-retry-attempts=3 \
    --min-backoff=60s --location="$region" --project="$project"
}

# The name of the mail channel, in $channel.
make_channel() {
  channel=''
  [[ -n "$notify" ]] || return 0
  say 'Who hears of the alerts'
  find_channel
  [[ -z "$channel" ]] || return 0
  run gcloud beta monitoring channels create --type=email --display-name="BigQuery drift: $notify" \
    --channel-labels="email_address=$notify" --user-labels="monitor=$monitor" --project="$project"
  channel="\$(gcloud beta monitoring channels list --filter='type=email AND labels.email_address=$notify' --format='value(name)' --project=$project)"
  [[ "$dry_run" == true ]] || find_channel
}

find_channel() {
  [[ "$dry_run" == false ]] || return 0
  ask gcloud beta monitoring channels list --filter=type=email --format='value[separator="|"](labels.email_address,name)' \
    --project="$project"
  local address each
  while IFS='|' read -r address each; do
    if [[ "$address" == "$notify" ]]; then channel=$each; fi
  done <<<"$out"
}

# The names of the policies that were made for an alert, in $out.
find_alert() {
  out="\$(gcloud alpha monitoring policies list --filter='userLabels.alert=$1 AND userLabels.monitor=$monitor' --format='value(name)' --project=$project)"
  [[ "$dry_run" == false ]] || return 0
  ask gcloud alpha monitoring policies list --filter="userLabels.alert=$1 AND userLabels.monitor=$monitor" \
    --format='value[separator="|"](name,enabled,notificationChannels.list(),conditions[0].name)' --project="$project"
}

# The alerts that notify nobody.
unheard=''
make_alert() {
  local file="deployment/alerts/$1.json" known='' enabled='' channels='' kept=()
  [[ "$dry_run" == true ]] || find_alert "$1"
  [[ "$dry_run" == true ]] || IFS='|' read -r known enabled channels _ <<<"${out%%"$newline"*}"
  if [[ -z "$known" ]]; then
    run gcloud alpha monitoring policies create --policy-from-file="$file" ${channel:+"--notification-channels=$channel"} \
      --project="$project"
    [[ -n "$channel" ]] || unheard+=" $1"
    return
  fi
  # A policy that is replaced would lose whom it notifies, and one that was switched off would be on again.
  [[ -z "$channel" || ",$channels," == *",$channel,"* ]] || channels=${channels:+$channels,}$channel
  if [[ -n "$channels" ]]; then kept+=("--set-notification-channels=$channels"); else unheard+=" $1"; fi
  [[ "$enabled" != [Ff]alse ]] || kept+=(--no-enabled)
  run gcloud alpha monitoring policies update "$known" --policy-from-file="$file" ${kept[@]+"${kept[@]}"} --project="$project"
}

make_watch() {
  say "The metrics' descriptors"
  run npm run --silent drift -- setup --project "$project"

  say 'The dashboard'
  local words=(create)
  if found gcloud monitoring dashboards describe "$monitor" --project="$project"; then words=(update "$monitor"); fi
  run gcloud monitoring dashboards "${words[@]}" --config-from-file=deployment/dashboard.json --project="$project"

  make_channel
  say 'The alerts'
  local alert
  for alert in $alerts; do make_alert "$alert"; done
}

# All that a deployment refuses, before it changes anything.
refuse() {
  refuse_foreign
  refuse_to_change
}

deploy() {
  check_tools gcloud npm
  check_credentials
  look_for_files
  refuse_sample
  check_files
  read_settings
  refuse
  say 'Build'
  # The function reads the bucket; what is copied beside it serves who starts the folder elsewhere.
  local copied=$expected
  [[ "$is_sample" == false || "$keeps_files" == false ]] || copied="gs://$bucket/expected-schemas"
  run npm run --silent build -- --expected "$copied"
  say 'Enable the APIs'
  run gcloud services enable artifactregistry.googleapis.com bigquery.googleapis.com cloudbuild.googleapis.com \
    cloudfunctions.googleapis.com cloudscheduler.googleapis.com iam.googleapis.com logging.googleapis.com \
    monitoring.googleapis.com run.googleapis.com secretmanager.googleapis.com storage.googleapis.com --project="$project"
  enabled=true
  if [[ "$off" == true ]]; then
    look_for_files
    refuse
  fi
  refuse_elsewhere
  write_deployment
  make_secret
  make_identities
  make_bucket
  upload_files
  make_function
  make_job
  make_watch
  say 'Done'
  echo "Run it once now:  gcloud scheduler jobs run $name --location=$region --project=$project"
  [[ -z "$unheard" ]] || echo "Nobody is notified of:$unheard (--notify EMAIL adds an address)"
}

files() {
  check_tools gcloud npm
  refuse_sample
  refuse_foreign
  check_files
  upload_files
  say 'Done'
  echo 'The next run reads them.'
}

# --- taking it down -------------------------------------------------------------------------------------------------

confirm() {
  [[ "$dry_run" == false && "$yes" == false ]] || return 0
  local answer='' extent='The bucket and the secret stay.'
  [[ "$with_data" == false ]] \
    || extent='The secret goes as well, the state and the expected files with all their versions, and the bucket where nothing else is in it.'
  [[ -z "$shard" ]] || extent='What it shares with the others stays.'
  echo "This takes the drift monitor${shard:+, shard $shard,} of $project down. $extent"
  read -rp 'Type the project id to go on: ' answer || true
  [[ "$answer" == "$project" ]] || misused "nothing was changed: expected $project, found '$answer' (--yes does not ask)"
}

# Takes a role on something away: revoke ACCOUNT ROLE RESOURCE GROUP..., where GROUP are the words of gcloud for the resource.
revoke() {
  local member="serviceAccount:$1" role=$2 resource=$3
  shift 3
  listed "$role"$'\t'"$member" gcloud "$@" get-iam-policy "$resource" --flatten='bindings[].members' \
    --format='value(bindings.role,bindings.members)' --project="$project" || return 0
  run gcloud "$@" remove-iam-policy-binding "$resource" --member="$member" --role="$role" --all --project="$project"
}

remove_watch() {
  say 'The alerts, the dashboard'
  local alert each
  for alert in $alerts; do
    find_alert "$alert"
    # One at a time; a dry run has one line for what the list will give.
    while IFS='|' read -r each _; do
      [[ -z "$each" ]] || run gcloud alpha monitoring policies delete "$each" --project="$project"
    done <<<"$out"
  done
  ! found gcloud monitoring dashboards describe "$monitor" --project="$project" \
    || run gcloud monitoring dashboards delete "$monitor" --project="$project"
}

# Whether what was found begins with a word that deploy.sh writes there: others may have given something the same name.
is_ours() {
  [[ "$dry_run" == false && "$out" != "$2"* ]] || return 0
  echo "   $1 stays: deploy.sh did not make it"
  return 1
}

remove_function() {
  say 'The hourly job, the function'
  if found gcloud scheduler jobs describe "$name" --location="$region" --project="$project" \
    --format='value(httpTarget.oidcToken.serviceAccountEmail)' && is_ours "the job $name" "$scheduler"; then
    run gcloud scheduler jobs delete "$name" --location="$region" --project="$project"
  fi
  if found gcloud functions describe "$name" --gen2 --region="$region" --project="$project" \
    --format='value(buildConfig.entryPoint)' && is_ours "the function $name" "$entry_point"; then
    run gcloud functions delete "$name" --gen2 --region="$region" --project="$project"
  fi
}

remove_role() {
  found gcloud iam roles describe "$1" --format='value[separator="|"](deleted,title)' --project="$project" || return 0
  [[ "$dry_run" == true || "$out" != [Tt]rue* ]] || return 0
  out=${out#*|}
  ! is_ours "the role $1" 'BigQuery drift' || run gcloud iam roles delete "$1" --project="$project"
}

revoke_runtime() {
  revoke "$runtime" "projects/$project/roles/$reader_role" "$project" projects
  revoke "$runtime" roles/monitoring.metricWriter "$project" projects
  ! found gcloud secrets describe "$secret" --project="$project" \
    || revoke "$runtime" roles/secretmanager.secretAccessor "$secret" secrets
  ! listed "$bucket" gcloud storage buckets list --format='value(name)' --project="$project" \
    || revoke "$runtime" "projects/$project/roles/$state_role" "gs://$bucket" storage buckets
}

remove_account() {
  if found gcloud iam service-accounts describe "$1" --format='value(displayName)' --project="$project" \
    && is_ours "the account $1" 'BigQuery drift monitor'; then
    run gcloud iam service-accounts delete "$1" --project="$project"
  fi
}

# Grants first: those of an account that is gone would stay behind, to nobody's use.
remove_identities() {
  say 'What the accounts may do'
  local role account
  revoke_runtime
  for role in $builder_roles; do revoke "$builder" "$role" "$project" projects; done
  remove_role "$reader_role"
  remove_role "$state_role"

  say 'The accounts'
  for account in "$runtime" "$scheduler" "$builder"; do remove_account "$account"; done
}

remove_data() {
  say 'The secret; the state and the expected files; the bucket where nothing else is in it'
  ! found gcloud secrets describe "$secret" --project="$project" || run gcloud secrets delete "$secret" --project="$project"
  listed "$bucket" gcloud storage buckets list --format='value(name)' --project="$project" || return 0
  local prefix
  for prefix in $prefixes; do
    ! found gcloud storage ls "gs://$bucket/$prefix/" --all-versions --project="$project" \
      || run gcloud storage rm "gs://$bucket/$prefix/" --recursive --project="$project"
  done
  remove_bucket
}

# Google deletes a bucket only where nothing is in it.
remove_bucket() {
  local words=(gcloud storage buckets delete "gs://$bucket" --project="$project") status=0
  show "${words[@]}"
  [[ "$dry_run" == false ]] || return 0
  exec 4>/dev/null
  attempt "${words[@]}" || status=$?
  [[ $status -ne 0 ]] || return 0
  [[ "$err" == *"not empty"* ]] || { echo "$err" >&2; stop "$(advice "$err")" "$status"; }
  echo "   gs://$bucket stays: it has objects that are not of this monitor"
}

# What shards share is theirs as long as one of them is there.
refuse_to_orphan() {
  [[ "$dry_run" == false ]] || return 0
  step='the shards'
  local each left=''
  list_functions
  while read -r each; do
    each=${each##*/"$monitor"-}
    [[ "$each" != [1-9]*-of-[1-9]* ]] || left+=" SHARD=${each/-of-//}"
  done <<<"$out"
  [[ -z "$left" ]] || stop "There are shards: take them down first, each with --destroy and$left."
}

destroy_shard() {
  remove_function
  say 'Its account, and what that may do'
  revoke_runtime
  remove_account "$runtime"
  say 'Done'
  echo 'What stays: all that the shards share. Without SHARD, --destroy takes that once the last of them is gone.'
}

destroy() {
  confirm
  check_tools gcloud
  [[ "$with_data" == false ]] || refuse_foreign
  refuse_elsewhere
  [[ -z "$shard" ]] || { destroy_shard; return; }
  refuse_to_orphan
  remove_watch
  remove_function
  remove_identities
  [[ "$with_data" == false ]] || remove_data
  say 'Done'
  echo 'What stays: the APIs that were enabled, the metrics with their history, the channel of --notify.'
  [[ "$with_data" == true ]] || echo "And gs://$bucket with the state and the expected files, and the secret $secret."
}

"$mode"
