import { DriftError } from '../model/errors.ts';

/** In a folder of expected files that are an example: they describe nobody's warehouse. */
export const SAMPLE_MARKER = 'THIS-IS-A-SAMPLE.md';

/** What to do instead of comparing a real project with the sample. */
export function sampleAdvice(place: string, project: string | null): string {
  return `${place} is the sample of this repository, not what you expect of your project: write your own files with  drift pull --project ${project ?? 'PROJECT'} --out my-schemas  and name them with --expected my-schemas, or EXPECTED_SCHEMAS (if the files there are yours by now, remove ${SAMPLE_MARKER} from them)`;
}

export function sampleRefused(place: string, project: string | null): DriftError {
  return new DriftError('SampleFiles', sampleAdvice(place, project));
}
