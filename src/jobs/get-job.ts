import { ServiceError } from '../errors.ts';
import type { Job, JobStore } from './store.ts';

/** Throws `jobs.not-found`. */
export async function getJob(jobs: Pick<JobStore, 'find'>, id: string): Promise<Job> {
  const job = await jobs.find(id);
  if (job === undefined) {
    throw new ServiceError('jobs.not-found', 'there is no job with this id');
  }
  return job;
}
