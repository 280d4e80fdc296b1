/**
 * The DSDT: the devices an operating system cannot find by itself.
 * Source: ACPI specification 6.5, "Differentiated System Description Table"; PCI Firmware specification,
 * "_OSC Interface for PCI Host Bridge Devices".
 */
import {
  COM_PORT_COUNT,
  COM1_IRQ,
  COM1_PORT,
  COM2_IRQ,
  COM2_PORT,
  PCI_CONFIG_PORT,
  PCI_CONFIG_PORT_COUNT,
  PM_RESERVED_PORT_COUNT,
  pciInterruptGsi,
  RTC_IRQ,
  RTC_PORT,
  RTC_PORT_COUNT,
  S5_SLEEP_TYPE,
} from '../io-map.ts';
import {
  ECAM,
  ECAM_LAST_BUS,
  ECAM_SIZE,
  HPET,
  HPET_REGISTERS_SIZE,
  PCI_MEMORY_WINDOW,
  PCI_MEMORY_WINDOW_END,
} from '../memory-map.ts';
import type { Aml } from './aml.ts';
import {
  argument,
  createDwordField,
  device,
  eisaId,
  equal,
  ifThen,
  integer,
  method,
  name,
  namePath,
  or,
  packageOf,
  returnValue,
  scope,
  uuid,
} from './aml.ts';
import type { Resource } from './aml-resources.ts';
import {
  busNumbers,
  fixedMemory,
  ioPorts,
  ioWindow,
  isaInterrupt,
  memoryWindow,
  resourceTemplate,
} from './aml-resources.ts';
import { buildTable } from './table.ts';

const DSDT_REVISION = 2;
const PCI_SLOTS = 32;
const PCI_PINS = 4;

/** A device that is always there and whose resources do not change. */
function fixedDevice(path: string, hardwareId: string, unit: number, resources: readonly Resource[]): Aml {
  return device(path, [
    name('_HID', eisaId(hardwareId)),
    name('_UID', integer(unit)),
    name('_CRS', resourceTemplate(resources)),
  ]);
}

/** Which I/O APIC input each pin of each device on bus 0 is wired to. */
function pciRoutingTable(): Aml {
  const routes: Aml[] = [];
  for (let slot = 0; slot < PCI_SLOTS; slot++) {
    for (let pin = 0; pin < PCI_PINS; pin++) {
      const anyFunction = slot * 0x10000 + 0xffff;
      const noLinkDevice = integer(0);
      routes.push(
        packageOf([integer(anyFunction), integer(pin), noLinkDevice, integer(pciInterruptGsi(slot, pin))]),
      );
    }
  }
  return packageOf(routes);
}

const PCI_HOST_BRIDGE_UUID = '33DB4D5B-1FF7-401C-9657-7441C03DD766';
const OSC_UNRECOGNIZED_UUID = 0x04;

/** Gives the operating system control of all it asks for: there is no firmware to keep any. */
function pciOperatingSystemCapabilities(): Aml {
  const [interfaceId, capabilities] = [argument(0), argument(3)];
  const status = namePath('CDW1');
  return method('_OSC', 4, [
    ifThen(equal(interfaceId, uuid(PCI_HOST_BRIDGE_UUID)), [returnValue(capabilities)]),
    createDwordField(capabilities, 0, 'CDW1'),
    or(status, integer(OSC_UNRECOGNIZED_UUID), status),
    returnValue(capabilities),
  ]);
}

function pciHostBridge(): Aml {
  return device('PCI0', [
    name('_HID', eisaId('PNP0A08')),
    name('_CID', eisaId('PNP0A03')),
    name('_UID', integer(0)),
    name('_SEG', integer(0)),
    name('_BBN', integer(0)),
    name(
      '_CRS',
      resourceTemplate([
        busNumbers(0, ECAM_LAST_BUS),
        ioPorts(PCI_CONFIG_PORT, PCI_CONFIG_PORT_COUNT),
        ioWindow(0, PCI_CONFIG_PORT - 1),
        ioWindow(PCI_CONFIG_PORT + PCI_CONFIG_PORT_COUNT, 0xffff),
        memoryWindow(PCI_MEMORY_WINDOW, PCI_MEMORY_WINDOW_END - 1),
      ]),
    ),
    name('_PRT', pciRoutingTable()),
    pciOperatingSystemCapabilities(),
  ]);
}

/** @param pmPort where the power management registers are. */
export function buildDsdt(pmPort: number): Uint8Array {
  const reserved = [fixedMemory(ECAM, ECAM_SIZE), ioPorts(pmPort, PM_RESERVED_PORT_COUNT)];
  const devices = [
    pciHostBridge(),
    fixedDevice('MBRD', 'PNP0C02', 0, reserved),
    fixedDevice('HPET', 'PNP0103', 0, [fixedMemory(HPET, HPET_REGISTERS_SIZE)]),
    fixedDevice('RTC', 'PNP0B00', 0, [ioPorts(RTC_PORT, RTC_PORT_COUNT), isaInterrupt(RTC_IRQ)]),
    fixedDevice('COM1', 'PNP0501', 1, [ioPorts(COM1_PORT, COM_PORT_COUNT), isaInterrupt(COM1_IRQ)]),
    fixedDevice('COM2', 'PNP0501', 2, [ioPorts(COM2_PORT, COM_PORT_COUNT), isaInterrupt(COM2_IRQ)]),
  ];
  const softOff = packageOf([integer(S5_SLEEP_TYPE), integer(S5_SLEEP_TYPE), integer(0), integer(0)]);
  const body = [scope('\\_SB', devices), name('\\_S5', softOff)].flat();
  return buildTable('DSDT', DSDT_REVISION, Uint8Array.from(body));
}
