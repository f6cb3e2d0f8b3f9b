/** What does one message of Linux's driver say? Its words and numbers are given to the SMMU that printed it. */

import { CLASS_TEXTS, type DecodedAccess, WITH_ACCESS } from '../event-facts.ts';
import type { Place } from '../event-groups.ts';
import type { SmmuState } from '../smmu-state.ts';
import { commandQueueError, QUEUE_TIMED_OUT, syncTimeout } from './command-errors.ts';
import * as messages from './messages.ts';
import { RECEIVED_LENGTH, receivedEvent, recordWord, skipBlanks } from './words.ts';

/**
 * `unfinished`: its rest may be on the next line. `unreadable`: it has a word that a record waits for, but not all of it.
 * `perhaps-cut`: whole as it stands, but its last number may have more digits on the next line. `unknown`: no message, or one
 * that belongs to nothing.
 */
export type LineUse = 'used' | 'unfinished' | 'perhaps-cut' | 'unreadable' | 'unknown';

/** Where a message stands. */
export interface Scene {
  readonly line: number;
  /** Nothing more comes: what is certain counts. */
  readonly isFinal: boolean;
  /** Another line was put behind the one that the message began on. */
  readonly isJoined: boolean;
  place(): Place;
  /** A copy that does not keep the log in memory. */
  kept(text: string): string;
}

const FETCH_EVENTS: ReadonlySet<string> = new Set(['F_STE_FETCH', 'F_CD_FETCH', 'F_VMS_FETCH']);

/** The message in `text` from `start` on, right behind the name of the device. */
export function understand(state: SmmuState, text: string, start: number, scene: Scene): LineUse {
  const from = skipBlanks(text, start);
  const first = text.charCodeAt(from);
  if (first === 0x30 && text.charCodeAt(from + 1) === 0x78) return words(state, text, from, scene);
  const code = receivedEvent(text, from);
  if (code >= 0) return received(state, code, text, from + RECEIVED_LENGTH, scene);
  const body = text.slice(from);
  const found = messages.messageOf(body);
  if (found !== null) return understandMessage(state, found, body, scene);
  const [, begun] = scene.isFinal ? (messages.EVENT_BEGUN.exec(body) ?? []) : [];
  if (begun !== undefined) return received(state, Number.parseInt(begun, 16), body, body.length, scene);
  return !scene.isFinal && mayBeUnfinished(body) ? 'unfinished' : 'unknown';
}

/** A record begins. Some people put its words behind that, on the same line. */
function received(state: SmmuState, code: number, text: string, behind: number, scene: Scene): LineUse {
  state.eventReceived(code, scene.place());
  const at = skipBlanks(text, text.charCodeAt(behind) === 0x3a ? behind + 1 : behind);
  if (text.charCodeAt(at) === 0x30 && messages.RECORD_WORD.test(text.slice(at, at + 19))) words(state, text, at, scene);
  return 'used';
}

/** One word of a record, or several on a line. */
function words(state: SmmuState, text: string, start: number, scene: Scene): LineUse {
  for (let from = start; ; ) {
    const word = recordWord(text, from);
    if (word === 'unfinished' && !scene.isFinal) return 'unfinished';
    if (typeof word === 'string') return 'unreadable';
    if (!state.word(word.low, word.high, scene.line)) return 'unknown';
    from = skipBlanks(text, word.end);
    if (text.charCodeAt(from) !== 0x30 || text.charCodeAt(from + 1) !== 0x78) return 'used';
  }
}

/** A message that is known by its pattern. */
export function understandMessage(
  state: SmmuState,
  { message, match }: messages.FoundMessage,
  body: string,
  scene: Scene,
): LineUse {
  const hex = (index: number) => (match[index] === undefined ? null : Number.parseInt(match[index], 16));
  const behind = match.index + match[0].length;
  switch (message) {
    case messages.EVENT_RECEIVED:
      return received(state, hex(1) as number, body, behind, scene);
    case messages.EVENT_DECODED:
      return understandDecoded(state, match, body, scene);
    case messages.EVENT_ACCESS: {
      const access = accessOf(match.groups ?? {});
      // A class that nobody knows is one that was broken in two.
      if (access.translating === null && !scene.isFinal) return 'unfinished';
      if (endsInDigits(match, body, scene)) return 'perhaps-cut';
      return state.eventAccess(access) ? 'used' : 'unknown';
    }
    case messages.PAGE_REQUEST_LINE:
      state.pageRequest(
        {
          sid: hex(1) as number,
          ssid: hex(2) as number,
          group: Number(match[3]),
          last: match[4] === 'L',
          privileged: match[5] === undefined,
          read: match[6] === 'R',
          write: match[7] === 'W',
          execute: match[8] === 'X',
          address: BigInt(`0x${match[9]}`),
        },
        scene.place(),
      );
      return 'used';
    case messages.COMMAND_ERROR:
      if (match[2] === undefined && body.trimEnd().length === behind && !scene.isFinal) return 'unfinished';
      state.commandError(commandQueueError(hex(1) as number, match[2] && scene.kept(match[2])), scene.place());
      return 'used';
    case messages.COMMAND_SKIPPED:
      return state.commandSkipped(scene.place()) ? 'used' : 'unknown';
    case messages.SYNC_TIMEOUT:
      // Before v5.4 nothing came behind it; a broken line looks the same.
      if (match[1] === undefined && !scene.isFinal && BEGUN_TIMEOUT.test(body.slice(behind))) return 'unfinished';
      if (match[1] === undefined && scene.isJoined) return 'unknown';
      return timedOut(state, scene, hex(1), hex(2), hex(3));
    case messages.QUEUE_TIMEOUT:
      state.commandError(QUEUE_TIMED_OUT, scene.place());
      return 'used';
    case messages.GLOBAL_ERROR:
      state.globalError(hex(1) as number, scene.place());
      return 'used';
    case messages.EVENTS_LOST:
      state.overflows += 1;
      return 'used';
    case messages.REQUESTS_LOST:
      state.requestOverflows += 1;
      return 'used';
    default:
      note(state, message, match, body, scene);
      return 'used';
  }
}

function timedOut(state: SmmuState, scene: Scene, driver: number | null, prod: number | null, cons: number | null) {
  state.commandError(syncTimeout(driver, prod, cons), scene.place());
  return 'used' as const;
}

/** Messages that are kept as they are, or of which a number is. */
function note(state: SmmuState, message: messages.Message, match: RegExpExecArray, body: string, scene: Scene): void {
  const { topic } = message;
  if (topic === 'global-error') {
    const bit = messages.GLOBAL_ERROR_BITS.find(({ pattern }) => pattern.test(body));
    if (bit !== undefined) state.globalErrorFlag(bit.flag, scene.place());
  } else if (topic === 'adoption' || topic === 'reset') state.adoptionLine(scene.kept(body));
  else if (topic === 'failure') state.failureLine(scene.kept(body), scene.place());
  else if (topic === 'boot') {
    const facts = state.bootFacts();
    if (message === messages.FEATURES) {
      facts.iasBits = match[1] === undefined ? null : Number(match[1]);
      facts.oasBits = Number(match[2]);
      facts.features = Number.parseInt(match[3] as string, 16);
    } else if (message === messages.QUEUE_ALLOCATED) {
      facts.queueEntries = { ...facts.queueEntries, [scene.kept(match[2] as string)]: Number(match[1]) };
    } else if (message === messages.COVERAGE) {
      facts.sidBits = { covered: Number(match[1]), of: Number(match[2]) };
    } else state.bootLine(scene.kept(body));
  }
}

function understandDecoded(state: SmmuState, match: RegExpExecArray, body: string, scene: Scene): LineUse {
  const { name = '', ipa, fetch } = match.groups ?? {};
  const last = WITH_ACCESS.has(name) ? ipa : FETCH_EVENTS.has(name) ? fetch : '';
  if (last === undefined) {
    // The rest may be on the next line; a number at the end of a line may have lost digits.
    if (!scene.isFinal) return 'unfinished';
    const certain = messages.EVENT_DECODED.pattern.exec(body.slice(0, match[0].length).replace(/\s\S+$/, ''));
    return certain === null ? 'unknown' : decodedEvent(state, certain.groups ?? {}, scene);
  }
  if (endsInDigits(match, body, scene)) return 'perhaps-cut';
  return decodedEvent(state, match.groups ?? {}, scene);
}

const BEGUN_TIMEOUT = /^(?: at(?: 0x[0-9a-f]*(?: \[.{0,60})?)?)?\s*=?$/;

/** Lines of a terminal's width are broken anywhere, and a number that was cut looks like any other. */
function endsInDigits(match: RegExpExecArray, body: string, { isFinal }: Scene): boolean {
  return !isFinal && match.index + match[0].length === body.trimEnd().length && /0x[0-9a-f]{1,15}$/.test(match[0]);
}

function decodedEvent(state: SmmuState, groups: Record<string, string | undefined>, scene: Scene): LineUse {
  const { name = '', client = '', sid, ssid, iova, ipa, fetch } = groups;
  const big = (text: string | undefined) => (text === undefined ? null : BigInt(text));
  state.eventDecoded(
    {
      name: scene.kept(name),
      client: client.startsWith('(') ? null : scene.kept(client),
      sid: Number(sid),
      ssid: Number(ssid),
      iova: big(iova),
      ipa: big(ipa),
      fetch: big(fetch),
      access: null,
    },
    scene.place(),
  );
  return 'used';
}

function accessOf(groups: Record<string, string | undefined>): DecodedAccess {
  const translating = CLASS_TEXTS.indexOf(groups['class'] ?? '');
  return {
    privileged: groups['priv'] === 'priv',
    instruction: groups['ind'] === 'inst',
    write: groups['rnw'] === 'write',
    stage: groups['stage'] === '2' ? 2 : 1,
    translating: translating < 0 ? null : translating,
    stalled: groups['stall'] !== undefined,
    stag: Number(groups['stag']),
  };
}

/**
 * Beginnings of messages that carry something, and others as far as they are known by them: where one of them ends a line, the
 * rest may be on the next.
 */
const BEGINNINGS = [
  'event 0x00 received:',
  'event: ',
  'unpriv ',
  'priv ',
  'unexpected global error reported (0x',
  'unexpected PRI request received:',
  'CMDQ error (cons 0x',
  'CMD_SYNC timeout',
  'skipping command in error state:',
  'EVTQ overflow detected',
  'PRIQ overflow detected',
  'sid 0x',
  'ias ',
  'oas ',
  'allocated ',
  '2-level strtab only covers ',
  'option mask 0x',
  'msi_domain absent - falling back to wired irqs',
  'failed to allocate MSIs - falling back to wired irqs',
  'failed to set DMA mask for table walker',
  'failed to clear cr0',
  'failed to disable irqs',
  'no evtq irq - ',
  'no gerr irq - ',
  'no priq irq - ',
  'unknown output address size. Truncating',
  'SMMU currently enabled! Resetting',
  'GBPA not responding to update',
  'MMIO region too small',
];
const MAX_UNFINISHED_LENGTH = 300;

function mayBeUnfinished(body: string): boolean {
  const text = body
    .slice(0, MAX_UNFINISHED_LENGTH + 1)
    .trimEnd()
    .replace(/=$/, '')
    .replace(/^event 0x[0-9a-f]{1,2}/, 'event 0x00');
  if (text.length > MAX_UNFINISHED_LENGTH) return false;
  return BEGINNINGS.some((beginning) => beginning.startsWith(text) || text.startsWith(beginning));
}
