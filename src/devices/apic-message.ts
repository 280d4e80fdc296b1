/** Interrupt messages between I/O APICs, MSI-capable devices and local APICs. */

/** The 3-bit delivery mode of the ICR, LVT and redirection table (Intel SDM Vol. 3 "Interrupt Command Register (ICR)"). */
export const DeliveryMode = {
  fixed: 0,
  lowestPriority: 1,
  smi: 2,
  nmi: 4,
  init: 5,
  startup: 6,
  extInt: 7,
} as const;

/** The physical destination that addresses every local APIC, in either mode. */
export const BROADCAST_DESTINATION = 0xffff_ffff;

export interface ApicMessage {
  /** 0..255; for a start-up message the number of the 4 KiB page to start in. */
  readonly vector: number;
  /** One of `DeliveryMode`. */
  readonly deliveryMode: number;
  readonly levelTriggered: boolean;
  /** APIC ID (physical) or message destination address (logical), unsigned 32 bits. */
  readonly destination: number;
  /** Destination mode: logical if true, physical if false. */
  readonly logical: boolean;
}
