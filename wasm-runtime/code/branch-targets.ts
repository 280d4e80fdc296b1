/**
 * Where indirect jumps and calls have led to, in the interpreter and out of regions that may be compiled again, for the
 * collector of regions. A site is in the table under the address of its record, and is overwritten by another one that
 * wants its place.
 */
import {
  BRANCH_SITE_HEAD,
  BRANCH_SITE_PAGE,
  BRANCH_SITE_RECORD,
  BRANCH_SITE_SIZE,
  BRANCH_SITE_TARGET_SIZE,
  BRANCH_SITE_TARGETS,
  BRANCH_SITES,
  BRANCH_SITES_BITS,
} from '../generated/layout';

/** Address of the site that the branch `record` would be at. */
export function branchSite(record: u32): u32 {
  return BRANCH_SITES + ((record * 0x9e37_79b1) >> (32 - BRANCH_SITES_BITS)) * BRANCH_SITE_SIZE;
}

/** @param head of the block that the branch led to. @param page linear page of that block, relative to the branch's. */
export function noteTarget(record: u32, head: u32, page: i32): void {
  const site = branchSite(record);
  if (load<u32>(site + BRANCH_SITE_RECORD) !== record) {
    memory.fill(site, 0, BRANCH_SITE_SIZE);
    store<u32>(site + BRANCH_SITE_RECORD, record);
  }
  const end = site + BRANCH_SITE_SIZE;
  for (let at = site + BRANCH_SITE_TARGETS; at < end; at += BRANCH_SITE_TARGET_SIZE) {
    const seen = load<u32>(at + BRANCH_SITE_HEAD);
    if (seen === head && load<i32>(at + BRANCH_SITE_PAGE) === page) return;
    if (seen !== 0) continue;
    store<u32>(at + BRANCH_SITE_HEAD, head);
    store<i32>(at + BRANCH_SITE_PAGE, page);
    return;
  }
}

/** For when records are dropped. */
export function forgetBranchSites(): void {
  memory.fill(BRANCH_SITES, 0, BRANCH_SITE_SIZE << BRANCH_SITES_BITS);
}
