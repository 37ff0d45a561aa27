/**
 * A stack overflow may happen wherever a function is called. It must not happen within a section, or between a change that others see and
 * the wake-up of the waiters. These functions make it happen before, because they need more stack than the work that follows.
 *
 * A frame has room for all variables of its function, used or not, and the engine checks whether there is room for the whole frame when
 * the function begins. Optimised and inlined, it still checks when the enclosing function begins, as long as the engine may have to go
 * back to the unoptimised frame inside. Therefore each function contains a branch that never runs, behind a condition that no compiler
 * knows to be constant. A check then costs 1 ns.
 */

/** An element of a typed array is never a constant. */
const overflowed = new Uint8Array(1);

function overflow(): never {
  throw new RangeError('The stack overflows.');
}

/**
 * Called before a section is entered: checks for 2 KiB of stack, room for everything that is done inside. Throws the `RangeError` of an
 * overflow if there is less.
 */
export function needStack(): void {
  if (overflowed[0] !== 0) overflow();
  return;
  // biome-ignore format: 256 variables of 8 bytes
  // @ts-expect-error: they are never read,
  // biome-ignore lint/correctness/noUnreachable: nor set.
  var _aa=0,_ab=0,_ac=0,_ad=0,_ae=0,_af=0,_ag=0,_ah=0,_ai=0,_aj=0,_ak=0,_al=0,_am=0,_an=0,_ao=0,_ap=0,_aq=0,_ar=0,_as=0,_at=0,_au=0,_av=0,
    _aw=0,_ax=0,_ay=0,_az=0,_ba=0,_bb=0,_bc=0,_bd=0,_be=0,_bf=0,_bg=0,_bh=0,_bi=0,_bj=0,_bk=0,_bl=0,_bm=0,_bn=0,_bo=0,_bp=0,_bq=0,_br=0,
    _bs=0,_bt=0,_bu=0,_bv=0,_bw=0,_bx=0,_by=0,_bz=0,_ca=0,_cb=0,_cc=0,_cd=0,_ce=0,_cf=0,_cg=0,_ch=0,_ci=0,_cj=0,_ck=0,_cl=0,_cm=0,_cn=0,
    _co=0,_cp=0,_cq=0,_cr=0,_cs=0,_ct=0,_cu=0,_cv=0,_cw=0,_cx=0,_cy=0,_cz=0,_da=0,_db=0,_dc=0,_dd=0,_de=0,_df=0,_dg=0,_dh=0,_di=0,_dj=0,
    _dk=0,_dl=0,_dm=0,_dn=0,_do=0,_dp=0,_dq=0,_dr=0,_ds=0,_dt=0,_du=0,_dv=0,_dw=0,_dx=0,_dy=0,_dz=0,_ea=0,_eb=0,_ec=0,_ed=0,_ee=0,_ef=0,
    _eg=0,_eh=0,_ei=0,_ej=0,_ek=0,_el=0,_em=0,_en=0,_eo=0,_ep=0,_eq=0,_er=0,_es=0,_et=0,_eu=0,_ev=0,_ew=0,_ex=0,_ey=0,_ez=0,_fa=0,_fb=0,
    _fc=0,_fd=0,_fe=0,_ff=0,_fg=0,_fh=0,_fi=0,_fj=0,_fk=0,_fl=0,_fm=0,_fn=0,_fo=0,_fp=0,_fq=0,_fr=0,_fs=0,_ft=0,_fu=0,_fv=0,_fw=0,_fx=0,
    _fy=0,_fz=0,_ga=0,_gb=0,_gc=0,_gd=0,_ge=0,_gf=0,_gg=0,_gh=0,_gi=0,_gj=0,_gk=0,_gl=0,_gm=0,_gn=0,_go=0,_gp=0,_gq=0,_gr=0,_gs=0,_gt=0,
    _gu=0,_gv=0,_gw=0,_gx=0,_gy=0,_gz=0,_ha=0,_hb=0,_hc=0,_hd=0,_he=0,_hf=0,_hg=0,_hh=0,_hi=0,_hj=0,_hk=0,_hl=0,_hm=0,_hn=0,_ho=0,_hp=0,
    _hq=0,_hr=0,_hs=0,_ht=0,_hu=0,_hv=0,_hw=0,_hx=0,_hy=0,_hz=0,_ia=0,_ib=0,_ic=0,_id=0,_ie=0,_if=0,_ig=0,_ih=0,_ii=0,_ij=0,_ik=0,_il=0,
    _im=0,_in=0,_io=0,_ip=0,_iq=0,_ir=0,_is=0,_it=0,_iu=0,_iv=0,_iw=0,_ix=0,_iy=0,_iz=0,_ja=0,_jb=0,_jc=0,_jd=0,_je=0,_jf=0,_jg=0,_jh=0,
    _ji=0,_jj=0,_jk=0,_jl=0,_jm=0,_jn=0,_jo=0,_jp=0,_jq=0,_jr=0,_js=0,_jt=0,_ju=0,_jv=0;
}

/** Called before code that enters a section, changes what others see, and then enters other sections to wake them: checks for 8 KiB of stack. */
export function needMuchStack(): void {
  if (overflowed[0] !== 0) overflow();
  return;
  // biome-ignore format: 1024 variables of 8 bytes
  // @ts-expect-error: they are never read,
  // biome-ignore lint/correctness/noUnreachable: nor set.
  var _aaa=0,_aab=0,_aac=0,_aad=0,_aae=0,_aaf=0,_aag=0,_aah=0,_aai=0,_aaj=0,_aak=0,_aal=0,_aam=0,_aan=0,_aao=0,_aap=0,_aaq=0,_aar=0,_aas=0,
    _aat=0,_aau=0,_aav=0,_aaw=0,_aax=0,_aay=0,_aaz=0,_aba=0,_abb=0,_abc=0,_abd=0,_abe=0,_abf=0,_abg=0,_abh=0,_abi=0,_abj=0,_abk=0,_abl=0,
    _abm=0,_abn=0,_abo=0,_abp=0,_abq=0,_abr=0,_abs=0,_abt=0,_abu=0,_abv=0,_abw=0,_abx=0,_aby=0,_abz=0,_aca=0,_acb=0,_acc=0,_acd=0,_ace=0,
    _acf=0,_acg=0,_ach=0,_aci=0,_acj=0,_ack=0,_acl=0,_acm=0,_acn=0,_aco=0,_acp=0,_acq=0,_acr=0,_acs=0,_act=0,_acu=0,_acv=0,_acw=0,_acx=0,
    _acy=0,_acz=0,_ada=0,_adb=0,_adc=0,_add=0,_ade=0,_adf=0,_adg=0,_adh=0,_adi=0,_adj=0,_adk=0,_adl=0,_adm=0,_adn=0,_ado=0,_adp=0,_adq=0,
    _adr=0,_ads=0,_adt=0,_adu=0,_adv=0,_adw=0,_adx=0,_ady=0,_adz=0,_aea=0,_aeb=0,_aec=0,_aed=0,_aee=0,_aef=0,_aeg=0,_aeh=0,_aei=0,_aej=0,
    _aek=0,_ael=0,_aem=0,_aen=0,_aeo=0,_aep=0,_aeq=0,_aer=0,_aes=0,_aet=0,_aeu=0,_aev=0,_aew=0,_aex=0,_aey=0,_aez=0,_afa=0,_afb=0,_afc=0,
    _afd=0,_afe=0,_aff=0,_afg=0,_afh=0,_afi=0,_afj=0,_afk=0,_afl=0,_afm=0,_afn=0,_afo=0,_afp=0,_afq=0,_afr=0,_afs=0,_aft=0,_afu=0,_afv=0,
    _afw=0,_afx=0,_afy=0,_afz=0,_aga=0,_agb=0,_agc=0,_agd=0,_age=0,_agf=0,_agg=0,_agh=0,_agi=0,_agj=0,_agk=0,_agl=0,_agm=0,_agn=0,_ago=0,
    _agp=0,_agq=0,_agr=0,_ags=0,_agt=0,_agu=0,_agv=0,_agw=0,_agx=0,_agy=0,_agz=0,_aha=0,_ahb=0,_ahc=0,_ahd=0,_ahe=0,_ahf=0,_ahg=0,_ahh=0,
    _ahi=0,_ahj=0,_ahk=0,_ahl=0,_ahm=0,_ahn=0,_aho=0,_ahp=0,_ahq=0,_ahr=0,_ahs=0,_aht=0,_ahu=0,_ahv=0,_ahw=0,_ahx=0,_ahy=0,_ahz=0,_aia=0,
    _aib=0,_aic=0,_aid=0,_aie=0,_aif=0,_aig=0,_aih=0,_aii=0,_aij=0,_aik=0,_ail=0,_aim=0,_ain=0,_aio=0,_aip=0,_aiq=0,_air=0,_ais=0,_ait=0,
    _aiu=0,_aiv=0,_aiw=0,_aix=0,_aiy=0,_aiz=0,_aja=0,_ajb=0,_ajc=0,_ajd=0,_aje=0,_ajf=0,_ajg=0,_ajh=0,_aji=0,_ajj=0,_ajk=0,_ajl=0,_ajm=0,
    _ajn=0,_ajo=0,_ajp=0,_ajq=0,_ajr=0,_ajs=0,_ajt=0,_aju=0,_ajv=0,_ajw=0,_ajx=0,_ajy=0,_ajz=0,_aka=0,_akb=0,_akc=0,_akd=0,_ake=0,_akf=0,
    _akg=0,_akh=0,_aki=0,_akj=0,_akk=0,_akl=0,_akm=0,_akn=0,_ako=0,_akp=0,_akq=0,_akr=0,_aks=0,_akt=0,_aku=0,_akv=0,_akw=0,_akx=0,_aky=0,
    _akz=0,_ala=0,_alb=0,_alc=0,_ald=0,_ale=0,_alf=0,_alg=0,_alh=0,_ali=0,_alj=0,_alk=0,_all=0,_alm=0,_aln=0,_alo=0,_alp=0,_alq=0,_alr=0,
    _als=0,_alt=0,_alu=0,_alv=0,_alw=0,_alx=0,_aly=0,_alz=0,_ama=0,_amb=0,_amc=0,_amd=0,_ame=0,_amf=0,_amg=0,_amh=0,_ami=0,_amj=0,_amk=0,
    _aml=0,_amm=0,_amn=0,_amo=0,_amp=0,_amq=0,_amr=0,_ams=0,_amt=0,_amu=0,_amv=0,_amw=0,_amx=0,_amy=0,_amz=0,_ana=0,_anb=0,_anc=0,_and=0,
    _ane=0,_anf=0,_ang=0,_anh=0,_ani=0,_anj=0,_ank=0,_anl=0,_anm=0,_ann=0,_ano=0,_anp=0,_anq=0,_anr=0,_ans=0,_ant=0,_anu=0,_anv=0,_anw=0,
    _anx=0,_any=0,_anz=0,_aoa=0,_aob=0,_aoc=0,_aod=0,_aoe=0,_aof=0,_aog=0,_aoh=0,_aoi=0,_aoj=0,_aok=0,_aol=0,_aom=0,_aon=0,_aoo=0,_aop=0,
    _aoq=0,_aor=0,_aos=0,_aot=0,_aou=0,_aov=0,_aow=0,_aox=0,_aoy=0,_aoz=0,_apa=0,_apb=0,_apc=0,_apd=0,_ape=0,_apf=0,_apg=0,_aph=0,_api=0,
    _apj=0,_apk=0,_apl=0,_apm=0,_apn=0,_apo=0,_app=0,_apq=0,_apr=0,_aps=0,_apt=0,_apu=0,_apv=0,_apw=0,_apx=0,_apy=0,_apz=0,_aqa=0,_aqb=0,
    _aqc=0,_aqd=0,_aqe=0,_aqf=0,_aqg=0,_aqh=0,_aqi=0,_aqj=0,_aqk=0,_aql=0,_aqm=0,_aqn=0,_aqo=0,_aqp=0,_aqq=0,_aqr=0,_aqs=0,_aqt=0,_aqu=0,
    _aqv=0,_aqw=0,_aqx=0,_aqy=0,_aqz=0,_ara=0,_arb=0,_arc=0,_ard=0,_are=0,_arf=0,_arg=0,_arh=0,_ari=0,_arj=0,_ark=0,_arl=0,_arm=0,_arn=0,
    _aro=0,_arp=0,_arq=0,_arr=0,_ars=0,_art=0,_aru=0,_arv=0,_arw=0,_arx=0,_ary=0,_arz=0,_asa=0,_asb=0,_asc=0,_asd=0,_ase=0,_asf=0,_asg=0,
    _ash=0,_asi=0,_asj=0,_ask=0,_asl=0,_asm=0,_asn=0,_aso=0,_asp=0,_asq=0,_asr=0,_ass=0,_ast=0,_asu=0,_asv=0,_asw=0,_asx=0,_asy=0,_asz=0,
    _ata=0,_atb=0,_atc=0,_atd=0,_ate=0,_atf=0,_atg=0,_ath=0,_ati=0,_atj=0,_atk=0,_atl=0,_atm=0,_atn=0,_ato=0,_atp=0,_atq=0,_atr=0,_ats=0,
    _att=0,_atu=0,_atv=0,_atw=0,_atx=0,_aty=0,_atz=0,_aua=0,_aub=0,_auc=0,_aud=0,_aue=0,_auf=0,_aug=0,_auh=0,_aui=0,_auj=0,_auk=0,_aul=0,
    _aum=0,_aun=0,_auo=0,_aup=0,_auq=0,_aur=0,_aus=0,_aut=0,_auu=0,_auv=0,_auw=0,_aux=0,_auy=0,_auz=0,_ava=0,_avb=0,_avc=0,_avd=0,_ave=0,
    _avf=0,_avg=0,_avh=0,_avi=0,_avj=0,_avk=0,_avl=0,_avm=0,_avn=0,_avo=0,_avp=0,_avq=0,_avr=0,_avs=0,_avt=0,_avu=0,_avv=0,_avw=0,_avx=0,
    _avy=0,_avz=0,_awa=0,_awb=0,_awc=0,_awd=0,_awe=0,_awf=0,_awg=0,_awh=0,_awi=0,_awj=0,_awk=0,_awl=0,_awm=0,_awn=0,_awo=0,_awp=0,_awq=0,
    _awr=0,_aws=0,_awt=0,_awu=0,_awv=0,_aww=0,_awx=0,_awy=0,_awz=0,_axa=0,_axb=0,_axc=0,_axd=0,_axe=0,_axf=0,_axg=0,_axh=0,_axi=0,_axj=0,
    _axk=0,_axl=0,_axm=0,_axn=0,_axo=0,_axp=0,_axq=0,_axr=0,_axs=0,_axt=0,_axu=0,_axv=0,_axw=0,_axx=0,_axy=0,_axz=0,_aya=0,_ayb=0,_ayc=0,
    _ayd=0,_aye=0,_ayf=0,_ayg=0,_ayh=0,_ayi=0,_ayj=0,_ayk=0,_ayl=0,_aym=0,_ayn=0,_ayo=0,_ayp=0,_ayq=0,_ayr=0,_ays=0,_ayt=0,_ayu=0,_ayv=0,
    _ayw=0,_ayx=0,_ayy=0,_ayz=0,_aza=0,_azb=0,_azc=0,_azd=0,_aze=0,_azf=0,_azg=0,_azh=0,_azi=0,_azj=0,_azk=0,_azl=0,_azm=0,_azn=0,_azo=0,
    _azp=0,_azq=0,_azr=0,_azs=0,_azt=0,_azu=0,_azv=0,_azw=0,_azx=0,_azy=0,_azz=0,_baa=0,_bab=0,_bac=0,_bad=0,_bae=0,_baf=0,_bag=0,_bah=0,
    _bai=0,_baj=0,_bak=0,_bal=0,_bam=0,_ban=0,_bao=0,_bap=0,_baq=0,_bar=0,_bas=0,_bat=0,_bau=0,_bav=0,_baw=0,_bax=0,_bay=0,_baz=0,_bba=0,
    _bbb=0,_bbc=0,_bbd=0,_bbe=0,_bbf=0,_bbg=0,_bbh=0,_bbi=0,_bbj=0,_bbk=0,_bbl=0,_bbm=0,_bbn=0,_bbo=0,_bbp=0,_bbq=0,_bbr=0,_bbs=0,_bbt=0,
    _bbu=0,_bbv=0,_bbw=0,_bbx=0,_bby=0,_bbz=0,_bca=0,_bcb=0,_bcc=0,_bcd=0,_bce=0,_bcf=0,_bcg=0,_bch=0,_bci=0,_bcj=0,_bck=0,_bcl=0,_bcm=0,
    _bcn=0,_bco=0,_bcp=0,_bcq=0,_bcr=0,_bcs=0,_bct=0,_bcu=0,_bcv=0,_bcw=0,_bcx=0,_bcy=0,_bcz=0,_bda=0,_bdb=0,_bdc=0,_bdd=0,_bde=0,_bdf=0,
    _bdg=0,_bdh=0,_bdi=0,_bdj=0,_bdk=0,_bdl=0,_bdm=0,_bdn=0,_bdo=0,_bdp=0,_bdq=0,_bdr=0,_bds=0,_bdt=0,_bdu=0,_bdv=0,_bdw=0,_bdx=0,_bdy=0,
    _bdz=0,_bea=0,_beb=0,_bec=0,_bed=0,_bee=0,_bef=0,_beg=0,_beh=0,_bei=0,_bej=0,_bek=0,_bel=0,_bem=0,_ben=0,_beo=0,_bep=0,_beq=0,_ber=0,
    _bes=0,_bet=0,_beu=0,_bev=0,_bew=0,_bex=0,_bey=0,_bez=0,_bfa=0,_bfb=0,_bfc=0,_bfd=0,_bfe=0,_bff=0,_bfg=0,_bfh=0,_bfi=0,_bfj=0,_bfk=0,
    _bfl=0,_bfm=0,_bfn=0,_bfo=0,_bfp=0,_bfq=0,_bfr=0,_bfs=0,_bft=0,_bfu=0,_bfv=0,_bfw=0,_bfx=0,_bfy=0,_bfz=0,_bga=0,_bgb=0,_bgc=0,_bgd=0,
    _bge=0,_bgf=0,_bgg=0,_bgh=0,_bgi=0,_bgj=0,_bgk=0,_bgl=0,_bgm=0,_bgn=0,_bgo=0,_bgp=0,_bgq=0,_bgr=0,_bgs=0,_bgt=0,_bgu=0,_bgv=0,_bgw=0,
    _bgx=0,_bgy=0,_bgz=0,_bha=0,_bhb=0,_bhc=0,_bhd=0,_bhe=0,_bhf=0,_bhg=0,_bhh=0,_bhi=0,_bhj=0,_bhk=0,_bhl=0,_bhm=0,_bhn=0,_bho=0,_bhp=0,
    _bhq=0,_bhr=0,_bhs=0,_bht=0,_bhu=0,_bhv=0,_bhw=0,_bhx=0,_bhy=0,_bhz=0,_bia=0,_bib=0,_bic=0,_bid=0,_bie=0,_bif=0,_big=0,_bih=0,_bii=0,
    _bij=0,_bik=0,_bil=0,_bim=0,_bin=0,_bio=0,_bip=0,_biq=0,_bir=0,_bis=0,_bit=0,_biu=0,_biv=0,_biw=0,_bix=0,_biy=0,_biz=0,_bja=0,_bjb=0,
    _bjc=0,_bjd=0,_bje=0,_bjf=0,_bjg=0,_bjh=0,_bji=0,_bjj=0,_bjk=0,_bjl=0,_bjm=0,_bjn=0,_bjo=0,_bjp=0,_bjq=0,_bjr=0,_bjs=0,_bjt=0,_bju=0,
    _bjv=0,_bjw=0,_bjx=0,_bjy=0,_bjz=0,_bka=0,_bkb=0,_bkc=0,_bkd=0,_bke=0,_bkf=0,_bkg=0,_bkh=0,_bki=0,_bkj=0,_bkk=0,_bkl=0,_bkm=0,_bkn=0,
    _bko=0,_bkp=0,_bkq=0,_bkr=0,_bks=0,_bkt=0,_bku=0,_bkv=0,_bkw=0,_bkx=0,_bky=0,_bkz=0,_bla=0,_blb=0,_blc=0,_bld=0,_ble=0,_blf=0,_blg=0,
    _blh=0,_bli=0,_blj=0,_blk=0,_bll=0,_blm=0,_bln=0,_blo=0,_blp=0,_blq=0,_blr=0,_bls=0,_blt=0,_blu=0,_blv=0,_blw=0,_blx=0,_bly=0,_blz=0,
    _bma=0,_bmb=0,_bmc=0,_bmd=0,_bme=0,_bmf=0,_bmg=0,_bmh=0,_bmi=0,_bmj=0,_bmk=0,_bml=0,_bmm=0,_bmn=0,_bmo=0,_bmp=0,_bmq=0,_bmr=0,_bms=0,
    _bmt=0,_bmu=0,_bmv=0,_bmw=0,_bmx=0,_bmy=0,_bmz=0,_bna=0,_bnb=0,_bnc=0,_bnd=0,_bne=0,_bnf=0,_bng=0,_bnh=0,_bni=0,_bnj=0;
}
